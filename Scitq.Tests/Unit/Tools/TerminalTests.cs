namespace Scitq.Tests.Unit.Tools;

/// <summary>Names and words of others reach a screen as text, whatever they hold.</summary>
[Trait("Level", "Unit")]
public sealed class TerminalTests
{
    private const string Escape = "\u001b]0;owned\u0007\u009b31m\u202e";
    private const string InJson = "\\u001b]0;owned\\u0007\u009b31m\u202e";

    public static TheoryData<string, string> Calls => new()
    {
        { "scitq-launch", "-t -v -n NAME -i file:///NAME echo NAME" },
        { "scitq-launch", "-t NAME" },
        { "scitq-launch", "-d NAME true" },
        { "scitq-launch", "--format NAME true" },
        { "scitq-launch", "-s SERVER --follow true" },
        { "scitq-launch", "-s SERVER --wait true" },
        { "scitq-launch", "-s NAME true" },
        { "scitq-launch", "--token-file NAME true" },
        { "scitq-manage", "-s SERVER task list" },
        { "scitq-manage", "-s SERVER --format csv task list" },
        { "scitq-manage", "-s SERVER --json task list" },
        { "scitq-manage", "-s SERVER task show -i 1" },
        { "scitq-manage", "-s SERVER task wait -i 1" },
        { "scitq-manage", "-s SERVER task wait -i 1 -i 2" },
        { "scitq-manage", "-s SERVER task explain -i 1" },
        { "scitq-manage", "-s SERVER task cancel -i 1" },
        { "scitq-manage", "-s SERVER worker list" },
        { "scitq-manage", "-s SERVER worker show -n NAME" },
        { "scitq-manage", "-s SERVER event list" },
        { "scitq-manage", "-s SERVER batch list" },
        { "scitq-manage", "-s SERVER server status" },
        { "scitq-manage", "NAME list" },
        { "scitq-manage", "-s SERVER task list -C NAME" },
        { "scitq-fetch", "list NAME" },
        { "scitq-fetch", "copy file:///NAME /tmp/nowhere/NAME" },
    };

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Calls))]
    public async Task No_control_character_of_others_reaches_a_terminal(string program, string call)
    {
        await using var stub = await StubCoordinator.StartAsync();
        var task = $$"""{"task_id":1,"id":"5a1b1f6e-0000-4000-8000-000000000001","name":"{{InJson}}","batch":"{{InJson}}","status":"failed","reason":"{{InJson}}","worker":"{{InJson}}","phase":"{{InJson}}","argv":["{{InJson}}"],"why":"{{InJson}}","details":["{{InJson}}"],"kind":"{{InJson}}","detail":"{{InJson}}","bus":"{{InJson}}","database":"{{InJson}}","version":"{{InJson}}","problems":["{{InJson}}"],"attempts":[{"attempt":1,"reason":"{{InJson}}"}],"history":[{"kind":"{{InJson}}"}]}""";
        stub.Otherwise = context => context.Request.Path.Value switch
        {
            { } path when path.EndsWith("/log/stream", StringComparison.Ordinal) =>
                StubCoordinator.Json($"event: status\ndata: {task}\n\nevent: end\ndata: {task}\n\n")(context),
            { } path when path.EndsWith("/cancel", StringComparison.Ordinal) || path.Contains("/workers/", StringComparison.Ordinal) => StubCoordinator.Json($$"""{"detail":"{{InJson}}","code":"wrong_state","hint":"{{InJson}}"}""", 409)(context),
            { } path when path.EndsWith('s') => StubCoordinator.Json($"[{task}]")(context),
            _ => StubCoordinator.Json(task)(context),
        };
        var words = call.Split(' ').Select(w => w.Replace("NAME", Escape, StringComparison.Ordinal).Replace("SERVER", stub.Address, StringComparison.Ordinal))
            .ToArray();
        var run = await ToolRun.RunAsync(program, words, terminal: true, variables: new() { ["NO_COLOR"] = "1" });
        Assert.DoesNotContain(run.Out + run.Error, c => (char.IsControl(c) && c is not ('\n' or '\t')) || c == '\u202e');
        Assert.Contains("x1b", run.Out + run.Error + (call.Contains("--json", StringComparison.Ordinal) ? "x1b" : ""), StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("http://me:hunter2@127.0.0.1:1")]
    [InlineData("me:hunter2@127.0.0.1:1")]
    [InlineData("amqps://me:hunter2@")]
    [InlineData("gopher://me:hunter2@host")]
    public async Task A_password_in_an_address_is_not_repeated(string address)
    {
        var run = await ToolRun.Manage("-s", address, "--timeout", "1", "server", "status");
        Assert.NotEqual(0, run.Code);
        Assert.DoesNotContain("hunter2", run.Out + run.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_token_that_goes_unencrypted_to_another_host_is_told_of()
    {
        var token = new Dictionary<string, string> { ["SCITQ_TOKEN"] = "hunter2" };
        var run = await ToolRun.RunAsync("scitq-launch", ["-s", "http://192.0.2.1:1", "--timeout", "1", "true"], token);
        Assert.Contains("note: the token goes to http://192.0.2.1:1 unencrypted", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("unencrypted",
            (await ToolRun.RunAsync("scitq-launch", ["-s", "http://192.0.2.1:1", "--insecure", "--timeout", "1", "true"], token)).Error,
            StringComparison.Ordinal);
        Assert.DoesNotContain("unencrypted", (await ToolRun.RunAsync("scitq-launch", ["-s", "http://127.0.0.1:1", "--timeout", "1", "true"], token)).Error,
            StringComparison.Ordinal);
    }
}
