using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Scitq.Tests.Unit.Tools;

/// <summary>What the shells' scripts are told may stand at the cursor.</summary>
[Trait("Level", "Unit")]
public sealed class CompletionTests
{
    [Theory(Timeout = 60_000)]
    [InlineData("scitq-manage ta", "task")]
    [InlineData("scitq-manage task sh", "show")]
    [InlineData("scitq-manage -s nowhere --json task sh", "show")]
    [InlineData("scitq-manage task list --col", "--columns")]
    [InlineData("scitq-manage task list --format js", "json jsonl")]
    [InlineData("scitq-manage task list --format=c", "--format=csv")]
    [InlineData("scitq-manage task list -qH --format=c", "--format=csv")]
    [InlineData("scitq-manage completion ", "bash zsh fish")]
    [InlineData("scitq-manage config set b", "batch bus_ca bus_cert bus_key")]
    [InlineData("scitq-manage task list --token-file ", ":files")]
    [InlineData("scitq-manage task list --limit ", "")]
    [InlineData("scitq-manage task list x", "")]
    [InlineData("scitq-manage nothing such ", "")]
    [InlineData("/opt/scitq/bin/scitq-launch -b b1 --fo", "--follow --format")]
    [InlineData("scitq-launch ", ":programs")]
    [InlineData("scitq-launch -- ", ":programs")]
    [InlineData("scitq-launch gzip --fo", ":files")]
    [InlineData("scitq-fetch s", "sync")]
    [InlineData("scitq-fetch copy ", ":files")]
    [InlineData("other --fo", "")]
    public async Task Words_files_and_programs_are_known_without_a_server(string line, string expected) =>
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), await WordsAsync("zsh", line.Split(' ')));

    [Fact(Timeout = 60_000)]
    public async Task In_bash_an_option_with_its_value_is_three_words_and_words_come_as_they_were_typed()
    {
        Assert.Equal(["json", "jsonl"], await WordsAsync("bash", ["scitq-manage", "task", "list", "--format", "=", "js"]));
        Assert.Equal(["table", "tsv", "csv", "json", "jsonl"], await WordsAsync("bash", ["scitq-manage", "task", "list", "--format", "="]));
        Assert.Equal(["show"], await WordsAsync("bash", ["scitq-manage", "--server-file", "my\\ file", "\"task\"", "'sh"]));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("scitq-launch -b ", "b1 b2")]
    [InlineData("scitq-launch --batch=b2", "--batch=b2")]
    [InlineData("scitq-manage task list -b ", "b1 b2")]
    [InlineData("scitq-manage batch show ", "b1 b2")]
    [InlineData("scitq-manage task list -w ", "node1 node2")]
    [InlineData("scitq-manage worker show n", "node1 node2")]
    [InlineData("scitq-manage worker pause -i ", "4 5")]
    [InlineData("scitq-manage task show ", "12 13")]
    [InlineData("scitq-manage task show -n s", "sample")]
    [InlineData("scitq-manage attempt list 1", "12 13")]
    public async Task Names_come_from_the_server(string line, string expected)
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = context => StubCoordinator.Json(context.Request.Path.Value switch
        {
            "/api/v1/batches" => """[{"batch":"b1","pending":3},{"batch":"b2"}]""",
            "/api/v1/workers" => """[{"worker_id":4,"name":"node1","status":"running"},{"worker_id":5,"name":"node2"},{"worker_id":6,"name":"bad\u001bname"}]""",
            _ => """[{"task_id":12,"name":"sample","status":"running"},{"task_id":13,"name":null},{"task_id":14}]""",
        })(context);
        var words = line.Split(' ');
        // Where the line names no server, the environment does.
        var found = await WordsAsync("zsh", words, stub.Address, new FakeTimeProvider());
        Assert.Equal(expected.Split(' '), found.Where(w => w is not ("14" or "6")));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_that_is_away_or_slow_or_refuses_is_passed_over_in_silence()
    {
        await using var stub = await StubCoordinator.StartAsync();
        var asked = new TaskCompletionSource();
        stub.Otherwise = async context =>
        {
            asked.TrySetResult();
            await Task.Delay(TimeSpan.FromMinutes(1), context.RequestAborted);
        };
        var clock = new FakeTimeProvider();
        var typed = WordsAsync("zsh", ["scitq-launch", "-b", ""], stub.Address, clock);
        await asked.Task;
        clock.Advance(TimeSpan.FromSeconds(0.3));
        Assert.Empty(await typed);
        stub.Otherwise = StubCoordinator.Json("""{"detail":"no","code":"unauthorized"}""", StatusCodes.Status401Unauthorized);
        Assert.Empty(await WordsAsync("zsh", ["scitq-launch", "-b", ""], stub.Address));
        stub.Otherwise = StubCoordinator.Json("<html>");
        Assert.Empty(await WordsAsync("zsh", ["scitq-launch", "-b", ""], stub.Address));
        Assert.Empty(await WordsAsync("zsh", ["scitq-launch", "-b", ""], "127.0.0.1:1"));
        Assert.Empty(await WordsAsync("zsh", ["scitq-launch", "-b", ""], "gopher://nonsense"));
    }

    private static async Task<List<string>> WordsAsync(string shell, string[] words, string? server = null, TimeProvider? clock = null)
    {
        var variables = new Dictionary<string, string>();
        if (server is not null) variables["SCITQ_SERVER"] = server;
        var run = await ToolRun.RunAsync("scitq-manage", ["complete", shell, "--", .. words], variables, clock: clock);
        Assert.Equal((0, ""), (run.Code, run.Error));
        return [.. run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t')[0])];
    }
}
