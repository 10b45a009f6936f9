using Scitq.Tests.EndToEnd.Acceptance;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Security;

/// <summary>A standalone of its own on a machine with other accounts, and what those can do.</summary>
public sealed class SharedMachine : IAsyncDisposable
{
    /// <summary>Ids that nothing on the machine has.</summary>
    public const int Stranger = 47_110, AgentUid = 47_111;

    private readonly TestFolder _folder = new();
    private ProcessUnderTest? _standalone;
    private string _address = "";

    public string this[string name] => _folder[name];

    public string Data => _folder["data"];

    public int Pid => _standalone!.Id;

    public string Log => _standalone!.Text;

    /// <summary>Starts it, as root or as another uid.</summary>
    public async Task StartAsync(int? uid = null, IEnumerable<string>? options = null, Dictionary<string, string?>? environment = null)
    {
        if (!Environment.IsPrivilegedProcess) TestEnvironment.Missing("The tests do not run as root");
        string[] command =
            ["--port", "0", "--data", Data, "--name", "shared", "--concurrency", "4", "--prefetch", "2", "--Tasks:RetryBackoffSeconds", "0.1", "--Tasks:PutAsideAfter", "0", .. options
                ?? []];
        var variables = new Dictionary<string, string?>(environment ?? [])
            { ["DOCKER_HOST"] = TestEnvironment.Optional("SCITQ_TEST_DOCKER") ?? "unix:///nowhere" };
        if (uid is { } own)
        {
            variables["HOME"] = _folder["home"];
            // With the group of the engine's socket, if there is one.
            var socket = variables["DOCKER_HOST"]!["unix://".Length..];
            var groups = File.Exists(socket) ? $"--groups={(await ShellAsync(0, $"stat -c %g {socket}")).Trim()}" : "--clear-groups";
            _standalone = ProcessUnderTest.Start(
                "/usr/bin/setpriv", [$"--reuid={own}", $"--regid={own}", groups, "--", Path.Combine(TestEnvironment.Bin, "scitq-standalone"), .. command],
                variables);
        }
        else
        {
            _standalone = ProcessUnderTest.Start("scitq-standalone", command, variables);
        }

        var line = await _standalone.WaitForLineAsync("Listening on ", TimeSpan.FromSeconds(60));
        _address = line[line.IndexOf("http", StringComparison.Ordinal)..].Trim();
    }

    public async Task<ToolOutput> LaunchAsync(params string[] arguments)
    {
        // Whatever token the standalone asks for is in its folder.
        var token = Path.Combine(Data, "token");
        return await ToolOutput.RunAsync(Path.Combine(TestEnvironment.Bin, "scitq-launch"), arguments, new Dictionary<string, string?>
        {
            ["SCITQ_SERVER"] = _address,
            ["SCITQ_TOKEN"] = File.Exists(token) ? (await File.ReadAllTextAsync(token)).Trim() : null,
        });
    }

    public Task<ToolOutput> FollowAsync(params string[] arguments) => LaunchAsync(["--follow", .. arguments]);

    /// <summary>Queues a command that says where it is and waits, and gives its directory.</summary>
    public async Task<(string Directory, Func<Task> End)> WaitingAsync(params string[] options)
    {
        var go = $"go-{Guid.NewGuid():N}";
        var id = (await LaunchAsync(
            [.. options, "sh", "-c", $"echo printed; echo secret >$OUTPUT/result; : >$TEMP/{go}; until test -e $TEMP/{go}.end; do sleep 0.05; done"])).TaskId;
        var file = await Eventually.GetAsync(
            () => Task.FromResult(Directory.Exists(Data) ? Directory.EnumerateFiles(Data, go, SearchOption.AllDirectories).FirstOrDefault() : null),
            $"task {id} runs", TimeSpan.FromSeconds(40));
        return (Path.GetDirectoryName(Path.GetDirectoryName(file))!, async () =>
        {
            await File.WriteAllTextAsync(file + ".end", "");
            await Eventually.Async(() => !File.Exists(file), $"task {id} has gone", TimeSpan.FromSeconds(40));
        });
    }

    /// <summary>A shell of another account.</summary>
    public static async Task<string> ShellAsync(int uid, string script) =>
        (await ToolOutput.RunAsync("/usr/bin/setpriv", [$"--reuid={uid}", $"--regid={uid}", "--clear-groups", "--", "/bin/sh", "-c", script],
            new Dictionary<string, string?>())).Out;

    /// <summary>All below a directory that the account could read, list or change.</summary>
    public async Task<string[]> OpenToAsync(int uid, string directory)
    {
        var list = _folder[$"list-{Guid.NewGuid():N}"];
        await File.WriteAllTextAsync(list, await ShellAsync(0, $"find '{directory}'"));
        File.SetUnixFileMode(list, (UnixFileMode)0b110_100_100);
        return (await ShellAsync(uid, $"while read -r f; do if [ -r \"$f\" ] || [ -w \"$f\" ]; then echo \"$f\"; fi; done <'{list}'"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public async ValueTask DisposeAsync()
    {
        if (_standalone is not null)
        {
            _standalone.Terminate();
            _standalone.Terminate();
            await _standalone.DisposeAsync();
        }

        _folder.Dispose();
    }
}
