using System.Text.Json;
using Scitq.Tests.EndToEnd.Acceptance;
using Scitq.Tests.Integration.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Fetch;

/// <summary>Sequencing runs by the programs, with the archives' addresses given by the environment.</summary>
[Trait("Level", "EndToEnd")]
public sealed class RunSourceTests : IAsyncLifetime
{
    private const string Run = "SRR5666311";
    private readonly TestFolder _folder = new();
    private FakeEna _ena = null!;

    private Dictionary<string, string?> Environment => new()
    {
        ["SCITQ_ENA_PORTAL"] = _ena.Root + "/ena/portal/api",
        ["SCITQ_ENA_FILES"] = _ena.Root,
        ["SCITQ_SRA_CLOUD"] = _ena.Root + "/sra",
        ["DOCKER_HOST"] = "unix:///nowhere",
    };

    public async ValueTask InitializeAsync()
    {
        _ena = await FakeEna.StartAsync();
        _ena.Add(Run, files: [($"{Run}_1.fastq.gz", "one"u8.ToArray()), ($"{Run}_2.fastq.gz", "second"u8.ToArray())]);
    }

    public async ValueTask DisposeAsync()
    {
        await _ena.DisposeAsync();
        _folder.Dispose();
    }

    [Fact(Timeout = 120_000)]
    public async Task Scitq_fetch_lists_and_copies_a_run()
    {
        Assert.Equal([$"{Run}_1.fastq.gz", $"{Run}_2.fastq.gz"], (await FetchAsync("rlist", "--format", "jsonl", $"run+fastq://{Run}")).Success()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("rel_name").GetString()));
        var copied = await FetchAsync("copy", $"run+fastq@filter_r1://{Run}", _folder["out"]);
        copied.Success();
        Assert.Contains("copied 1 file, 3 B", copied.Error, StringComparison.Ordinal);
        Assert.Equal("one", await File.ReadAllTextAsync(_folder[$"out/{Run}_1.fastq.gz"], TestContext.Current.CancellationToken));
        Assert.Equal(3, (await FetchAsync("copy", "run+submitted://SRR999999", _folder["out"])).Code);
        Assert.Equal(2, (await FetchAsync("copy", $"run+fastq@fast://{Run}", _folder["out"])).Code);
    }

    [Fact(Timeout = 120_000), Trait("Id", "R1")]
    public async Task A_task_finds_a_run_among_its_inputs()
    {
        await using var standalone = ProcessUnderTest.Start("scitq-standalone", ["--port", "0", "--data", _folder["data"]], Environment);
        var line = await standalone.WaitForLineAsync("Listening on ", TimeSpan.FromSeconds(60));
        var address = line[(line.IndexOf("Listening on ", StringComparison.Ordinal) + "Listening on ".Length)..].Trim();
        var run = await ToolOutput.RunAsync(
            Path.Combine(TestEnvironment.Bin, "scitq-launch"), ["--follow", "-i", $"run+fastq://{Run}", "sh", "-c", "cd $INPUT; ls; cat *"],
            new Dictionary<string, string?> { ["SCITQ_SERVER"] = address, ["SCITQ_TOKEN"] = null });
        Assert.Equal($"{Run}_1.fastq.gz\n{Run}_2.fastq.gz\nonesecond", run.Success());
    }

    private Task<ToolOutput> FetchAsync(params string[] arguments) =>
        ToolOutput.RunAsync(Path.Combine(TestEnvironment.Bin, "scitq-fetch"), arguments, Environment);
}
