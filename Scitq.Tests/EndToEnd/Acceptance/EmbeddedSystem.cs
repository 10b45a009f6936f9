using Scitq.Tests.EndToEnd.Acceptance;
using Scitq.Tests.Servers;

[assembly: AssemblyFixture(typeof(EmbeddedSystem))]

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>All of it in one process, with nothing else.</summary>
public sealed class EmbeddedSystem : ScitqSystem
{
    private ProcessUnderTest? _standalone;

    public override string WorkDirectory => Path.Combine(Folder["data"], "work");

    public override string TokenFile => Folder["data/token"];

    public override IReadOnlyList<ProcessUnderTest> Processes => [_standalone!];

    /// <summary>SIGKILL, and a new start on the same folder and port.</summary>
    public async Task CrashAsync()
    {
        var address = await AddressAsync();
        await _standalone!.KillAsync();
        await RunAsync(new Uri(address).Port);
    }

    protected override Task<string> StartAsync() => RunAsync(port: 0);

    protected override async Task StopAsync()
    {
        if (_standalone is not null) await _standalone.DisposeAsync();
    }

    private Task<string> RunAsync(int port)
    {
        _standalone = ProcessUnderTest.Start(
            "scitq-standalone",
            ["--port", $"{port}", "--data", Folder["data"], "--name", "embedded", "--concurrency", $"{Concurrency}", "--prefetch", "4",
            "--Tasks:RetryBackoffSeconds", "0.1", "--Tasks:PutAsideAfter", "0"], AgentEnvironment());
        return ListeningAsync(_standalone);
    }
}
