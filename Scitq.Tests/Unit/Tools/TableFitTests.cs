using System.Diagnostics;
using Scitq.Contracts;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Tools;

[Trait("Level", "Unit")]
public sealed class TableFitTests
{
    private static readonly string Full = $$"""
        {"task_id":123456,"name":"sample.123.of.many","batch":"b1","status":"cancelled","why":"no worker","worker":"node-17.cluster.example.org","exit_code":137,"retry":10,"retries_left":1,
        "created":"2026-01-01T10:00:00Z","started":"2026-01-03T10:00:00Z","run_ended":"2026-01-04T10:00:00Z","argv":["sh","-c","{{new string('x', 300)}}"]}
        """;

    [Fact(Timeout = 60_000)]
    public async Task A_full_table_fits_80_columns_with_age_and_start_and_cuts_no_number()
    {
        var table = await TableAsync($"[{Full}]", 80);
        Assert.All(table.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.All(["id", "age", "started", "exit", "123456", "cancelled", "no worker", "137", "9/10", "1d00h"], word => Assert.Contains(word, table));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_column_that_says_nothing_is_left_out_of_a_table()
    {
        var table = await TableAsync("""[{"task_id":1,"status":"succeeded","exit_code":0,"retry":0,"retries_left":0,"argv":["true"]}]""", 80);
        Assert.Equal(["task_id", "status", "command"], table.Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_task_that_is_shown_in_a_pipe_keeps_attempts_and_history()
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = StubCoordinator.Json($$"""{"task_id":1,"status":"failed","attempts":[{"execution_id":"1.1","reason":"{{new string('r', 200)}}"}],"history":[{"kind":"lost"}]}""");
        var page = await ToolRun.Manage("task", "show", "1", "-s", stub.Address);
        Assert.Contains($"Attempts:\nexecution_id  task_id", page.Out);
        Assert.Contains(new string('r', 200), page.Out);
        Assert.Contains("lost", page.Out);
        Assert.StartsWith("task_id\tid\t", (await ToolRun.Manage("task", "show", "1", "--format", "tsv", "-s", stub.Address)).Out);
    }

    [Theory(Timeout = 60_000), InlineData("it's"), InlineData("say \"hi\" to it's $HOME"), InlineData("a b"), InlineData("!'`")]
    public async Task A_command_in_a_list_can_be_typed_again(string word)
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = StubCoordinator.Json($$"""[{"task_id":1,"argv":["printf","%s",{{System.Text.Json.JsonSerializer.Serialize(word)}}]}]""");
        var list = await ToolRun.Manage("task", "list", "-H", "-C", "command", "-s", stub.Address);
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", list.Out]) { RedirectStandardOutput = true })!;
        Assert.Equal(word, await shell.StandardOutput.ReadToEndAsync());
        Assert.True(ShellWords.TrySplit(list.Out, out var words, out _));
        Assert.Equal(["printf", "%s", word], words);
    }

    [Fact(Timeout = 60_000)]
    public async Task No_tool_changes_the_mode_of_its_terminal()
    {
        if (!File.Exists("/usr/bin/script")) TestEnvironment.Missing("script(1) of bsdutils is not installed");
        await using var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = StubCoordinator.Json($"[{Full}]");
        foreach (var command in (string[])["scitq-manage task list", "scitq-launch -q true", "scitq-fetch list file:///etc/hostname"])
        {
            using var script = Process.Start(new ProcessStartInfo("script", ["-qec", $"{TestEnvironment.Bin}/{command}", "/dev/null"])
            {
                RedirectStandardOutput = true, RedirectStandardInput = true, Environment = { ["SCITQ_SERVER"] = stub.Address, ["TERM"] = "xterm-256color" },
            })!;
            var shown = await script.StandardOutput.ReadToEndAsync();
            await script.WaitForExitAsync();
            Assert.True(script.ExitCode == 0, $"{command}: {shown}");
            Assert.DoesNotContain("\u001b[?", shown);
            Assert.DoesNotContain("\u001b=", shown);
        }
    }

    private static async Task<string> TableAsync(string rows, int width)
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = StubCoordinator.Json(rows);
        var run = await ToolRun.RunAsync("scitq-manage", ["-s", stub.Address, "task", "list"], new() { ["NO_COLOR"] = "1" }, terminal: true, width: width);
        Assert.True(run.Code == 0, run.Error);
        return run.Out.TrimEnd('\n');
    }
}
