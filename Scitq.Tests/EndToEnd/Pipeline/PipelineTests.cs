using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Scitq.Tests.EndToEnd.Acceptance;
using Scitq.Tests.EndToEnd.Faults;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Pipeline;

/// <summary>The documented example of a whole pipeline, with samples, reference and results on S3.</summary>
[Trait("Level", "EndToEnd")]
public sealed class PipelineTests : IDisposable
{
    private static readonly string[] Motifs = ["GATTACA", "ACGT"];

    private readonly TestFolder _folder = new();
    private readonly StringBuilder _expected = new("sample\treads\tmotif\thits\n");

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 300_000)]
    public async Task A_pipeline_runs_to_its_end_in_one_process()
    {
        await using var bucket = await FillAsync(samples: 3, reads: 2_000);
        await using var standalone = ProcessUnderTest.Start("scitq-standalone", ["--port", "0", "--data", _folder["data"], "--concurrency", "2"],
            Agent(bucket));
        var address = Regex.Match(await standalone.WaitForLineAsync("Listening on ", TimeSpan.FromSeconds(60)), "http:[^ ]+").Value;

        await AssertResultsAsync(await RunAsync(bucket, address, "Default"), bucket, samples: 3);
    }

    [Fact(Timeout = 300_000)]
    public async Task A_pipeline_runs_to_its_end_on_two_agents_of_which_one_is_killed_half_way()
    {
        await using var bucket = await FillAsync(samples: 6, reads: 150_000);
        await using var cluster = await Cluster.StartAsync(new ClusterSetup { LostAfter = 5, AgentEnvironment = Agent(bucket) });
        var killed = await cluster.StartAgentAsync("a");
        await cluster.StartAgentAsync("b");

        var pipeline = RunAsync(bucket, cluster.Client.BaseAddress!.ToString(), cluster.Batch);
        await Eventually.Async(
            async () => await cluster.ScalarAsync($"select count(*) from task where state = 'running' and worker = '{killed.Name}' and (select count(*) from "
                + $"task where state = 'succeeded') > 0") > 0,
            "a sample runs on the agent to be killed, and another is done", Cluster.Patience);
        await killed.KillAsync();

        await AssertResultsAsync(await pipeline, bucket, samples: 6);
        Assert.Equal(7, await cluster.ScalarAsync("select count(*) from task where state = 'succeeded'"));
        Assert.Equal(7, await cluster.ScalarAsync("select count(*) from attempt where outcome = 'succeeded'"));
        Assert.NotEqual(0, await cluster.ScalarAsync("select count(*) from attempt where outcome = 'lost'"));
        // What it ran goes on until an agent of that name is there to end it.
        await killed.StartAsync();
        await Eventually.Async(() =>
            !Directory.EnumerateFileSystemEntries(Path.Combine(killed.WorkDir, "tasks")).Any(), "nothing is left of the killed agent's task", Cluster.Patience);
    }

    private static Dictionary<string, string?> Agent(S3Bucket bucket) =>
        new(bucket.Environment) { ["DOCKER_HOST"] = TestEnvironment.Required("SCITQ_TEST_DOCKER") };

    private async Task<ToolOutput> RunAsync(S3Bucket bucket, string server, string batch) => await ToolOutput.RunAsync(
        Path.Combine(TestEnvironment.Root, "docs", "examples", "pipeline.sh"),
        [bucket.Uri("samples/"), bucket.Uri("reference.tar.gz"), bucket.Uri("results"), _folder["home"], DockerFixture.Image],
        new Dictionary<string, string?>(bucket.Environment)
            { ["SCITQ_SERVER"] = server, ["SCITQ_BATCH"] = batch, ["PATH"] = $"{TestEnvironment.Bin}:{Environment.GetEnvironmentVariable("PATH")}" });

    private async Task AssertResultsAsync(ToolOutput run, S3Bucket bucket, int samples)
    {
        run.Success();
        Assert.Equal(_expected.ToString(), await File.ReadAllTextAsync(_folder["home/merged/all.tsv"], TestContext.Current.CancellationToken));
        Assert.Equal(samples + 1, Directory.GetFiles(_folder["home"], "*.tsv", SearchOption.AllDirectories).Length);
        Assert.Equal(samples + 1, (await bucket.KeysAsync()).Count(k => k.StartsWith("results/", StringComparison.Ordinal)));
    }

    /// <summary>Samples like those of a sequencer, made of the one that is shipped, and what is to be found in them.</summary>
    private async Task<S3Bucket> FillAsync(int samples, int reads)
    {
        var bucket = await S3Bucket.CreateAsync();
        var shipped = await ReadsAsync();
        for (var i = 0; i < samples; i++)
        {
            var sequences = 0;
            var hits = new int[Motifs.Length];
            using var packed = new MemoryStream();
            await using (var gzip = new StreamWriter(new GZipStream(packed, CompressionLevel.Fastest)))
            {
                for (; sequences < reads; sequences++)
                {
                    var read = shipped[(sequences * (i + 1)) % shipped.Count];
                    for (var m = 0; m < Motifs.Length; m++)
                        if (read[1].Contains(Motifs[m], StringComparison.Ordinal)) hits[m]++;
                    foreach (var line in read) await gzip.WriteAsync(line + "\n");
                }
            }

            await bucket.PutAsync($"samples/s{i}.fastq.gz", packed.ToArray());
            foreach (var (motif, found) in Motifs.Zip(hits).OrderBy(m => m.First, StringComparer.Ordinal))
                _expected.Append(CultureInfo.InvariantCulture, $"s{i}\t{reads}\t{motif}\t{found}\n");
        }

        await bucket.PutAsync("samples/README", "not a sample");
        using var archive = new MemoryStream();
        await using (var tar = new TarWriter(new GZipStream(archive, CompressionLevel.Fastest)))
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "reference/motifs.txt")
                { DataStream = new MemoryStream(Encoding.ASCII.GetBytes(string.Concat(Motifs.Select(m => m + "\n")))) });
        await bucket.PutAsync("reference.tar.gz", archive.ToArray());
        return bucket;
    }

    private static async Task<IReadOnlyList<string[]>> ReadsAsync()
    {
        await using var file = File.OpenRead(Path.Combine(TestEnvironment.Root, "docs", "examples", "sample.fastq.gz"));
        using var reader = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
        return [.. (await reader.ReadToEndAsync()).TrimEnd('\n').Split('\n').Chunk(4)];
    }
}
