using System.Text.Json;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Tools;

/// <summary>The settings of the tools: where they come from, and how they are kept.</summary>
[Trait("Level", "Unit")]
public sealed class ConfigTests : IDisposable
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TestFolder _home = new();

    private string File => Path.Combine(_home.Path, "scitq/config.json");

    [Fact(Timeout = 60_000)]
    public async Task What_is_set_holds_from_then_on_and_is_for_its_user_only()
    {
        Assert.Equal($"{File}\n", (await RunAsync("config", "path")).Out);
        Assert.Equal(0, (await RunAsync("config", "set", "server", "queue.example.org")).Code);
        Assert.Equal(0, (await RunAsync("config", "set", "batch", "b1")).Code);
        Assert.Equal(0, (await RunAsync(["config", "set", "token", "-"], input: "hunter2\n")).Code);
        Assert.Equal(0, (await RunAsync("config", "unset", "batch")).Code);
        Assert.Equal(Own, System.IO.File.GetUnixFileMode(File));
        var shown = await ShownAsync();
        Assert.Equal(("http://queue.example.org:5000", File), shown["server"]);
        Assert.Equal(("********", File), shown["token"]);
        Assert.Equal(("Default", "default"), shown["batch"]);
        Assert.Equal((null, "not set"), shown["timeout"]);
        // A file for everybody is no place for a token, and then is no source of one.
        System.IO.File.SetUnixFileMode(File, Own | UnixFileMode.OtherRead);
        Assert.Contains("chmod 600", (await ShownAsync())["token"].Source, StringComparison.Ordinal);
        Assert.Equal([File], Directory.GetFiles(Path.GetDirectoryName(File)!));
    }

    [Fact(Timeout = 60_000)]
    public async Task The_option_goes_before_the_environment_and_that_before_the_file()
    {
        await RunAsync("config", "set", "server", "in-file");
        await RunAsync("config", "set", "timeout", "15m");
        Assert.Equal(("http://in-file:5000", File), (await ShownAsync())["server"]);
        Dictionary<string, string> variables = new() { ["SCITQ_SERVER"] = "amqp://me:hunter2@in-variable/v", ["SCITQ_TOKEN"] = "hunter2" };
        var shown = await ShownAsync(variables);
        Assert.Equal(("amqp://in-variable/v", "environment SCITQ_SERVER"), shown["server"]);
        Assert.Equal(("********", "environment SCITQ_TOKEN"), shown["token"]);
        Assert.Equal(("15m", File), shown["timeout"]);
        Assert.Equal(("http://given:5000", "option --server"), (await ShownAsync(variables, "-s", "given"))["server"]);
        var text = await RunAsync(["config", "show"], variables: variables);
        Assert.DoesNotContain("hunter2", text.Out + text.Error, StringComparison.Ordinal);
        Assert.Contains("goes before it", (await RunAsync(["config", "set", "server", "x"], variables: variables)).Error, StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("config set serve x", "did you mean server?")]
    [InlineData("config set format yaml", "none of table")]
    [InlineData("config set timeout soon", "not a positive duration")]
    [InlineData("config set batch a/b", "batch 'a/b'")]
    [InlineData("config set server gopher://x", "not a server address")]
    [InlineData("config set token hunter2", "shell's history")]
    [InlineData("config set", "a setting and its value")]
    [InlineData("config unset nothing", "there is no setting 'nothing'")]
    public async Task What_makes_no_sense_is_not_kept(string line, string expected)
    {
        var run = await RunAsync(line.Split(' '));
        Assert.Equal(2, run.Code);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_with_comments_stays_as_it_is_and_a_link_stays_a_link()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        const string text = """{ "batch": "b1", /* the one of the lab */ }""";
        await System.IO.File.WriteAllTextAsync(File, text, TestContext.Current.CancellationToken);
        var run = await RunAsync("config", "set", "server", "x");
        Assert.Equal(1, run.Code);
        Assert.Contains("comments", run.Error, StringComparison.Ordinal);
        Assert.Equal(text, await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken));

        System.IO.File.Delete(File);
        var real = Path.Combine(_home.Path, "real.json");
        await System.IO.File.WriteAllTextAsync(real, """{"other": 1}""", TestContext.Current.CancellationToken);
        System.IO.File.CreateSymbolicLink(File, real);
        Assert.Equal(0, (await RunAsync("config", "set", "batch", "b2")).Code);
        Assert.NotNull(new FileInfo(File).LinkTarget);
        var kept = JsonDocument.Parse(await System.IO.File.ReadAllTextAsync(real, TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal((1, "b2"), (kept.GetProperty("other").GetInt32(), kept.GetProperty("batch").GetString()));
    }

    public void Dispose() => _home.Dispose();

    private Task<ToolRun> RunAsync(params string[] args) => RunAsync(args, "");

    private Task<ToolRun> RunAsync(string[] args, string input = "", Dictionary<string, string>? variables = null) =>
        ToolRun.RunAsync("scitq-manage", args, new(variables ?? []) { ["XDG_CONFIG_HOME"] = _home.Path }, input);

    private async Task<Dictionary<string, (string? Value, string Source)>> ShownAsync(Dictionary<string, string>? variables = null, params string[] options)
    {
        var run = await RunAsync(["config", "show", "--json", .. options], variables: variables);
        return JsonDocument.Parse(run.Out).RootElement.EnumerateArray()
            .ToDictionary(r => r.GetProperty("key").GetString()!, r => (r.GetProperty("value").GetString(), r.GetProperty("source").GetString()!));
    }
}
