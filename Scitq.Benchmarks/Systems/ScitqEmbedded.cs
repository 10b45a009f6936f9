namespace Scitq.Benchmarks.Systems;

/// <summary>Everything in one program, which needs no server.</summary>
internal sealed class ScitqEmbedded(Bench bench) : ScitqSystem(bench)
{
    private const string Group = "standalone";
    private Daemon? _program;

    public override string Name => "scitq, embedded";

    public override string Key => "embedded";

    public override IReadOnlyList<string> Groups { get; } = [Group];

    // A program without slots accepts tasks and runs none.
    public override Task StartAsync() => StartAsync(0, 0, "Default", runNothing: false);

    public override Task StartWorkerAsync(int slots, int prefetch, string batch, bool runNothing = false) => StartAsync(slots, prefetch, batch, runNothing);

    public override async Task StopWorkerAsync()
    {
        if (_program is not null) await _program.DisposeAsync();
        _program = null;
    }

    private async Task StartAsync(int slots, int prefetch, string batch, bool runNothing)
    {
        await StopWorkerAsync();
        var data = Directory.CreateDirectory(Path.Combine(Bench.Folder, "standalone")).FullName;
        _program = Daemon.Start(Bench, Group, Bench.Program("scitq-standalone"), null,
            "--port", "0", "--no-token", "--data", data, "--batch", batch, "--concurrency", $"{slots}", "--prefetch", $"{prefetch}", "--runtime",
            runNothing ? "noop" : "auto");
        Connect(await _program.WaitForAsync("Listening on ", TimeSpan.FromSeconds(60)));
    }
}
