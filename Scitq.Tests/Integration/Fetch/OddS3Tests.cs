using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>Lists of S3 servers that are not whole, or not what was asked for.</summary>
[Trait("Level", "Integration")]
public sealed class OddS3Tests : IAsyncLifetime
{
    private const string Object = "<Contents><Key>d/a</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>"
        + "<ETag>\"900150983cd24fb0d6963f7d28e17f72\"</ETag><Size>3</Size></Contents>";
    private readonly TestFolder _folder = new();
    private HttpServer _server = null!;
    private Fetcher _fetcher = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await HttpServer.StartAsync();
        _fetcher = new Fetcher(
            new FetchOptions
                { Attempts = 1, IdleTimeout = TimeSpan.FromSeconds(5),
                S3 = new S3Options { Endpoint = _server.Root, AccessKeyId = "id", SecretAccessKey = "secret" } });
    }

    public async ValueTask DisposeAsync()
    {
        _fetcher.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("<IsTruncated>true</IsTruncated>" + Object)]
    [InlineData("<IsTruncated>true</IsTruncated><NextContinuationToken></NextContinuationToken>" + Object)]
    [InlineData("<IsTruncated>true</IsTruncated><ContinuationToken>same</ContinuationToken><NextContinuationToken>same</NextContinuationToken>" + Object)]
    [InlineData("<IsTruncated>false</IsTruncated>" + Object + "<Contents><Key>elsewhere</Key><Size>3</Size></Contents>")]
    [InlineData("<IsTruncated>false</IsTruncated>" + Object + "<Contents><Size>3</Size></Contents>")]
    [InlineData("<IsTruncated>false</IsTruncated>" + Object + "<Contents><Key>d/b</Key>")]
    public async Task A_list_that_may_not_be_whole_deletes_nothing_and_brings_no_success(string list)
    {
        Answer(list.EndsWith("</Key>", StringComparison.Ordinal) ? list : Whole(list));
        await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(_folder["here"]).FullName, "keep"), "x", Ct);
        await Assert.ThrowsAnyAsync<FetchException>(
            () => _fetcher.SyncAsync(DataUri.Parse("s3://bucket/d/"), DataUri.ForFile(_folder["here"]), new SyncOptions { Delete = true }, ct: Ct));
        Assert.True(File.Exists(Path.Combine(_folder["here"], "keep")));
        await Assert.ThrowsAnyAsync<FetchException>(() => _fetcher.GetAsync(DataUri.Parse("s3://bucket/d/"), _folder["out"], ct: Ct));
    }

    /// <summary>Whatever is sent for a list: names below the folder, or a failure of ours.</summary>
    [Fact(Timeout = 120_000)]
    public async Task Random_lists_are_read_or_refused()
    {
        var random = new Random(20261127);
        var whole = Whole(
            "<IsTruncated>false</IsTruncated>" + Object + Object.Replace("d/a", "d/b&amp;%0a", StringComparison.Ordinal)
                + "<CommonPrefixes><Prefix>d/sub/</Prefix></CommonPrefixes>");
        var read = 0;
        for (var i = 0; i < 400; i++)
        {
            var list = new StringBuilder(whole);
            for (var changes = random.Next(3); changes > 0; changes--)
            {
                var at = random.Next(list.Length);
                if (random.Next(3) == 0) list.Remove(at, Math.Min(random.Next(1, 40), list.Length - at));
                else if (random.Next(2) == 0) list[at] = (char)random.Next(1, 0x250);
                else list.Insert(at, "</>&\"d/"[random.Next(7)]);
            }

            Answer(list.ToString());
            try
            {
                await foreach (var entry in _fetcher.ListAsync(DataUri.Parse("s3://bucket/d/"), ct: Ct))
                {
                    Assert.StartsWith("bucket/d/", entry.Uri.Path, StringComparison.Ordinal);
                    Assert.Equal("bucket/d/" + entry.Name, entry.Uri.Path.TrimEnd('/'));
                    read++;
                }
            }
            catch (FetchException e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }
        }

        Assert.True(read > 100, string.Create(CultureInfo.InvariantCulture, $"only {read} entries were read"));
    }

    private void Answer(string list) => _server.Fault = async context =>
    {
        if (!context.Request.Query.ContainsKey("list-type")) return false;
        context.Response.ContentType = "application/xml";
        await context.Response.WriteAsync(list, Ct);
        return true;
    };

    private static string Whole(string inner) =>
        $"<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult "
        + $"xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>bucket</Name><Prefix>d/</Prefix>{inner}</ListBucketResult>";
}
