using System.Diagnostics;
using System.Globalization;

namespace Scitq.Tests.Servers;

/// <summary>A Docker engine of a test's own, to be killed and started again, with the tests' image. Its containers survive it. Needs root.</summary>
internal sealed class OwnDockerEngine : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly string[] _options;

    private OwnDockerEngine(string[] options) => _options = options;

    public string Address => $"unix://{_folder["docker.sock"]}";

    /// <summary>One that does not run yet.</summary>
    public static OwnDockerEngine Create(params string[] options)
    {
        TestEnvironment.Required("SCITQ_TEST_DOCKER");
        if (!Environment.IsPrivilegedProcess) TestEnvironment.Missing("an engine of the tests' own needs root");
        return new OwnDockerEngine(options);
    }

    public async Task StartAsync()
    {
        await ServerScript.RunAsync("docker.sh", ["start", _folder.Path, .. _options]);
        await ServerScript.RunAsync("docker.sh", "image", Address);
    }

    public async Task KillAsync()
    {
        using var dockerd = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(_folder["pid"]), CultureInfo.InvariantCulture));
        dockerd.Kill();
        await dockerd.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await ServerScript.RunAsync("docker.sh", "stop", _folder.Path);
        _folder.Dispose();
    }
}
