using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>A server that was given no token makes one, which its own account's tools find and nobody else's.</summary>
[Trait("Level", "EndToEnd")]
public sealed class OwnTokenTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 120_000)]
    public async Task The_tools_of_the_same_account_need_no_token_and_everybody_else_does()
    {
        await using var standalone = Start("--port", "0");
        var server = await AddressAsync(standalone);
        using var client = new HttpClient();
        foreach (var path in (string[])["api/v1/tasks", "api/v1/server", "openapi/v1.json", "", "health"])
            Assert.NotEqual(HttpStatusCode.OK, (await client.GetAsync(new Uri(server, path), Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri(server, "health/live"), Ct)).StatusCode);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder["data/token"]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Pointer(server)));
        Assert.DoesNotContain(await TokenAsync(), standalone.Text, StringComparison.Ordinal);

        Assert.Equal("hello\n", (await LaunchAsync($"{server}")).Success());
        Assert.Equal("hello\n", (await LaunchAsync($"localhost:{server.Port}")).Success());
        // A token of another server, in the user's file, is not what this one wants.
        Directory.CreateDirectory(_folder["config/scitq"]);
        await File.WriteAllTextAsync(_folder["config/scitq/config.json"], """{"token":"of-another-server"}""", Ct);
        Assert.Equal("hello\n", (await LaunchAsync($"{server}")).Success());
    }

    [Fact(Timeout = 120_000)]
    public async Task The_token_outlives_a_crash_and_is_not_sent_to_who_listens_there_afterwards()
    {
        var standalone = Start("--port", "0");
        var server = await AddressAsync(standalone);
        var token = await TokenAsync();
        await standalone.KillAsync();
        Assert.True(File.Exists(Pointer(server)));
        using (var thief = new TcpListener(IPAddress.Loopback, server.Port))
        {
            thief.Start();
            var launch = LaunchAsync($"{server}", "--timeout", "3");
            using (var caught = await thief.AcceptTcpClientAsync(Ct))
            {
                var bytes = new byte[4096];
                var request = Encoding.ASCII.GetString(bytes, 0, await caught.GetStream().ReadAsync(bytes, Ct));
                Assert.StartsWith("POST /api/v1/tasks", request, StringComparison.Ordinal);
                Assert.DoesNotContain("Authorization", request, StringComparison.OrdinalIgnoreCase);
            }

            thief.Stop();
            Assert.NotEqual(0, (await launch).Code);
        }

        await using var again = Start("--port", $"{server.Port}");
        await AddressAsync(again);
        Assert.Equal(token, await TokenAsync());
        Assert.Equal("hello\n", (await LaunchAsync($"{server}")).Success());
        again.Terminate();
        await again.WaitForExitAsync();
        Assert.False(File.Exists(Pointer(server)));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_pointer_that_others_could_have_made_or_read_is_not_used()
    {
        await using var standalone = Start("--port", "0");
        var server = await AddressAsync(standalone);
        File.SetUnixFileMode(Pointer(server), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        var refused = await LaunchAsync($"{server}");
        Assert.Equal(4, refused.Code);
        Assert.Contains("--token-file", refused.Error, StringComparison.Ordinal);
        File.SetUnixFileMode(Pointer(server), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var moved = Pointer(server) + ".moved";
        File.Move(Pointer(server), moved);
        File.CreateSymbolicLink(Pointer(server), moved);
        Assert.Equal(4, (await LaunchAsync($"{server}")).Code);
        Assert.Equal("hello\n", (await LaunchAsync($"{server}", "--token-file", _folder["data/token"])).Success());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_tool_that_waits_for_a_server_finds_the_token_once_that_is_there()
    {
        var standalone = Start("--port", "0");
        var server = await AddressAsync(standalone);
        await standalone.KillAsync();
        var launch = LaunchAsync($"{server}", "--timeout", "60");
        await Task.Delay(1000, Ct);
        await using var again = Start("--port", $"{server.Port}");
        await AddressAsync(again);
        Assert.Equal("hello\n", (await launch).Success());
    }

    [Fact(Timeout = 60_000)]
    public async Task An_open_API_is_asked_for_by_name()
    {
        await using var standalone = Start("--port", "0", "--no-token");
        var server = await AddressAsync(standalone);
        using var client = new HttpClient();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri(server, "api/v1/tasks"), Ct)).StatusCode);
        Assert.False(File.Exists(_folder["data/token"]));
        await using var both = Start("--port", "0", "--no-token", "--token", "x");
        Assert.Equal(2, await both.WaitForExitAsync());
        await using var open = Start("--port", "0", "--no-token", "--host", "0.0.0.0");
        Assert.Equal(2, await open.WaitForExitAsync());
        Assert.Contains("a token is needed", open.Text, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Secrets_that_others_can_read_are_refused_with_the_command_that_closes_them()
    {
        await File.WriteAllTextAsync(_folder["secret"], "amqp://u:p@127.0.0.1/", Ct);
        foreach (var mode in (UnixFileMode[])[UnixFileMode.OtherRead, UnixFileMode.GroupWrite, UnixFileMode.OtherWrite])
        {
            File.SetUnixFileMode(_folder["secret"], UnixFileMode.UserRead | UnixFileMode.UserWrite | mode);
            foreach (var option in (string[])["--token-file", "--bus-file", "--database-file"])
            {
                await using var coordinator = ProcessUnderTest.Start("scitq-coordinator",
                    ["--port", "0", "--data", _folder["data"], option, _folder["secret"]], Environment);
                Assert.Equal(2, await coordinator.WaitForExitAsync());
                Assert.Contains($"chmod 600 '{_folder["secret"]}'", Assert.Single(coordinator.Lines), StringComparison.Ordinal);
            }

            var launch = await LaunchAsync("127.0.0.1:1", "--token-file", _folder["secret"]);
            Assert.Equal(2, launch.Code);
            Assert.Contains($"chmod 600 '{_folder["secret"]}'", launch.Error, StringComparison.Ordinal);
        }

        Directory.CreateDirectory(_folder["config/scitq"]);
        await File.WriteAllTextAsync(_folder["config/scitq/config.json"], """{"token":"x"}""", Ct);
        File.SetUnixFileMode(_folder["config/scitq/config.json"], UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Contains("chmod 600", (await LaunchAsync("127.0.0.1:1")).Error, StringComparison.Ordinal);
    }

    private Dictionary<string, string?> Environment => new()
    {
        ["XDG_STATE_HOME"] = _folder["state"], ["XDG_CONFIG_HOME"] = _folder["config"], ["SCITQ_TOKEN"] = null, ["SCITQ_TOKEN_FILE"] = null,
        ["DOCKER_HOST"] = "unix:///nowhere",
    };

    private ProcessUnderTest Start(params string[] options) =>
        ProcessUnderTest.Start("scitq-standalone", ["--data", _folder["data"], "--concurrency", "2", .. options], Environment);

    private Task<ToolOutput> LaunchAsync(string server, params string[] options) =>
        ToolOutput.RunAsync(Path.Combine(TestEnvironment.Bin, "scitq-launch"), ["-s", server, .. options, "--follow", "echo", "hello"], Environment);

    private async Task<string> TokenAsync() => (await File.ReadAllTextAsync(_folder["data/token"], Ct)).Trim();

    private string Pointer(Uri server) => _folder[$"state/scitq/servers/127.0.0.1-{server.Port}"];

    private static async Task<Uri> AddressAsync(ProcessUnderTest standalone) =>
        new(Regex.Match(await standalone.WaitForLineAsync("Listening on ", TimeSpan.FromSeconds(60)), "http:[^ ]+").Value);
}
