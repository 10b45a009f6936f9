using System.Diagnostics;
using System.Formats.Tar;
using Amazon.S3;
using Amazon.S3.Model;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.AspNetCore.Http;
using Scitq.Tests.Integration.Fetch;
using Scitq.Tests.Servers;
using S3Bucket = Scitq.Tests.Servers.S3Bucket;

namespace Scitq.Tests.EndToEnd.Fetch;

/// <summary>scitq-fetch as a process, killed in the middle, again and again, and then let be.</summary>
[Trait("Level", "EndToEnd")]
public sealed class KilledTransferTests : IDisposable
{
    private const int Kills = 4;
    private readonly string _root = Directory.CreateTempSubdirectory("scitq-kill-").FullName;
    private IReadOnlyDictionary<string, string?> _environment = new Dictionary<string, string?>();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact(Timeout = 240_000)]
    public async Task A_download_continues_where_it_was_killed_and_leaves_nothing_else()
    {
        await using var server = await HttpServer.StartAsync();
        var content = new byte[20_000_000];
        new Random(3).NextBytes(content);
        server.Files["/big"] = content;
        server.Fault = c => SlowlyAsync(c, content);
        long Arrived() => Directory.Exists(At("out")) ? Directory.EnumerateFiles(At("out"), ".*.part").Sum(f => new FileInfo(f).Length) : 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            var before = Arrived();
            await KillWhenAsync(() => Arrived() > before + 1_000_000, "copy", server.Root + "/big", At("out"));
            Assert.False(File.Exists(At("out/big")));
            Assert.True(Arrived() > before);
        }

        server.Fault = null;
        server.Requests.Clear();
        await FinishAsync("copy", server.Root + "/big", At("out"));
        Assert.Contains(server.Requests, r => r.StartsWith("GET /big bytes=", StringComparison.Ordinal) && r != "GET /big bytes=0-0");
        Assert.Equal(content, await File.ReadAllBytesAsync(At("out/big"), Ct));
        Assert.Equal(["big"], Directory.EnumerateFileSystemEntries(At("out")).Select(Path.GetFileName));
    }

    [Fact(Timeout = 240_000)]
    public async Task Unpacking_that_was_killed_gives_the_whole_tree_and_leaves_nothing_else()
    {
        await using (var tar = new TarWriter(File.Create(At("db.tar"))))
        {
            for (var i = 0; i < 20_000; i++)
                await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, $"d{i % 100}/f{i}") { DataStream = new MemoryStream(new byte[i % 50]) },
                    Ct);
        }

        for (var kill = 0; kill < Kills; kill++)
        {
            var size = kill * 10;
            await KillWhenAsync(
                () => Directory.Exists(At("out"))
                    && Directory.EnumerateDirectories(At("out"), ".*.tree").Any(t => Directory.EnumerateDirectories(t).Count() > size), "copy",
                    $"file://{At("db.tar")}|untar", At("out"));
        }

        await FinishAsync("copy", $"file://{At("db.tar")}|untar", At("out"));
        Assert.Equal(100, Directory.EnumerateFileSystemEntries(At("out")).Count());
        Assert.Equal(20_000, Directory.EnumerateFiles(At("out"), "*", SearchOption.AllDirectories).Count());
        Assert.Equal(49, new FileInfo(At("out/d49/f49")).Length);
    }

    [Fact(Timeout = 240_000)]
    public async Task An_upload_to_S3_continues_with_the_parts_it_lacks_and_leaves_no_open_upload()
    {
        await using var store = await S3Bucket.CreateAsync();
        var (s3, bucket) = (store.Client, store.Name);
        _environment = store.Environment;
        var content = await BigAsync();
        for (var kill = 0; kill < Kills; kill++)
        {
            var before = await PartsAsync(s3, bucket);
            await KillWhenAsync(async () => await PartsAsync(s3, bucket) > before, "copy", At("big"), $"s3://{bucket}/");
            Assert.Null((await s3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket }, Ct)).S3Objects);
        }

        Assert.Single((await s3.ListMultipartUploadsAsync(bucket, Ct)).MultipartUploads);
        await FinishAsync("copy", At("big"), $"s3://{bucket}/");
        Assert.Empty((await s3.ListMultipartUploadsAsync(bucket, Ct)).MultipartUploads ?? []);
        await FinishAsync("copy", $"s3://{bucket}/big", At("out"));
        Assert.Equal(content, await File.ReadAllBytesAsync(At("out/big"), Ct));
    }

    [Fact(Timeout = 240_000)]
    public async Task An_upload_to_Azure_continues_with_the_blocks_it_lacks()
    {
        await using var store = await CloudStore.CreateAsync("azure");
        _environment = store.Environment;
        var content = await BigAsync();
        var blob = new BlockBlobClient(
            new Uri($"{_environment["AZURE_STORAGE_ENDPOINT"]}/{store.Root["azure://".Length..]}/big"),
            new StorageSharedKeyCredential(CloudStore.AzureAccount, CloudStore.AzureKey));
        for (var kill = 0; kill < Kills; kill++)
        {
            var before = await BlocksAsync(blob);
            await KillWhenAsync(async () => await BlocksAsync(blob) > before, "copy", At("big"), store.Root + "/");
            Assert.False(await blob.ExistsAsync(Ct));
        }

        await FinishAsync("copy", At("big"), store.Root + "/");
        Assert.Equal(0, await BlocksAsync(blob));
        await FinishAsync("copy", store.Root + "/big", At("out"));
        Assert.Equal(content, await File.ReadAllBytesAsync(At("out/big"), Ct));
        Assert.Equal(["big"], Directory.EnumerateFileSystemEntries(At("out")).Select(Path.GetFileName));
    }

    private async Task<byte[]> BigAsync()
    {
        var content = new byte[200_000_000];
        new Random(3).NextBytes(content);
        await File.WriteAllBytesAsync(At("big"), content, Ct);
        return content;
    }

    private static async Task<int> BlocksAsync(BlockBlobClient blob)
    {
        try
        {
            return (await blob.GetBlockListAsync(BlockListTypes.Uncommitted, cancellationToken: Ct)).Value.UncommittedBlocks.Count();
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Nothing is staged so far.
            return 0;
        }
    }

    private static async Task<int> PartsAsync(AmazonS3Client s3, string bucket)
    {
        var open = (await s3.ListMultipartUploadsAsync(bucket, Ct)).MultipartUploads;
        return open is [var upload, ..] ? (await s3.ListPartsAsync(bucket, upload.Key, upload.UploadId, Ct)).Parts?.Count ?? 0 : 0;
    }

    private static async Task<bool> SlowlyAsync(HttpContext context, byte[] content)
    {
        if (context.Request.Method == "HEAD") return false;
        var from = (int)(context.Request.GetTypedHeaders().Range?.Ranges.Single().From ?? 0);
        context.Response.StatusCode = from > 0 ? 206 : 200;
        context.Response.Headers.ETag = "\"v1\"";
        context.Response.ContentLength = content.Length - from;
        if (from > 0) context.Response.Headers.ContentRange = $"bytes {from}-{content.Length - 1}/{content.Length}";
        for (var at = from; at < content.Length && !context.RequestAborted.IsCancellationRequested; at += 100_000)
        {
            await context.Response.Body.WriteAsync(content.AsMemory(at, Math.Min(100_000, content.Length - at)), context.RequestAborted);
            await Task.Delay(20, context.RequestAborted);
        }

        return true;
    }

    private Task KillWhenAsync(Func<bool> reached, params string[] args) => KillWhenAsync(() => Task.FromResult(reached()), args);

    private async Task KillWhenAsync(Func<Task<bool>> reached, params string[] args)
    {
        using var process = Start(args);
        while (!await reached())
        {
            Assert.False(process.HasExited, "It ended before it could be killed.");
            await Task.Delay(5, Ct);
        }

        process.Kill();
        await process.WaitForExitAsync(Ct);
    }

    private async Task FinishAsync(params string[] args)
    {
        using var process = Start(args);
        var error = process.StandardError.ReadToEndAsync(Ct);
        await process.WaitForExitAsync(Ct);
        Assert.True(process.ExitCode == 0, await error);
    }

    private Process Start(string[] args)
    {
        var program = Path.Combine(TestEnvironment.Bin, "scitq-fetch");
        if (!File.Exists(program)) TestEnvironment.Missing($"{program} is not there");
        var start = new ProcessStartInfo(program, args) { RedirectStandardError = true };
        start.Environment["XDG_STATE_HOME"] = At("state");
        foreach (var (name, value) in _environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private string At(string relative) => Path.Combine(_root, relative);
}
