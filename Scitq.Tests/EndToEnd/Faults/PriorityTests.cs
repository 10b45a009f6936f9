using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Scitq.Tests.EndToEnd.Acceptance;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>A worker with one slot runs tasks in the order of their priorities.</summary>
[Trait("Level", "EndToEnd")]
public sealed class PriorityTests
{
    private static readonly int[] Submitted = [0, 0, 5, -5, 10, 5, 0, -10, 3, 0];

    [Fact(Timeout = 180_000)]
    public async Task With_servers_the_higher_go_first_then_the_older_and_what_is_moved_meanwhile_moves()
    {
        await using var cluster = await Cluster.StartAsync();
        await cluster.StartAgentAsync("a");
        await cluster.SubmitAsync(cluster.Held("first"));
        await cluster.WaitForStartAsync("first");
        var ids = await cluster.SubmitAsync([.. Submitted.Select((p, i) => Tasks.Quick($"t{i}") with { Priority = p })]);
        await ActAsync(cluster, new { action = "prioritize", ids = new[] { ids[1], ids[4] }, priority = -7, reason = "later" });
        // Once a heartbeat has told that the worker is busy.
        await Eventually.Async(
            async () => (await cluster.Client.GetFromJsonAsync<JsonElement>($"/api/v1/tasks/{ids[8]}/explain")).GetProperty("why").GetString()!
                .EndsWith("; 2 tasks that wait too are before it, at its priority 3.", StringComparison.Ordinal),
            "it is told how many are before it", Cluster.Patience);

        cluster.Release("first");
        await cluster.WaitForAllAsync();
        Assert.Equal(["first", "t2", "t5", "t8", "t0", "t6", "t9", "t3", "t1", "t4", "t7"], (await cluster.LedgerAsync()).Select(l => l.Name));
        var moved = await cluster.TaskAsync(ids[1]);
        Assert.Equal(-7, moved.GetProperty("priority").GetInt32());
        Assert.Contains(moved.GetProperty("history").EnumerateArray(), h =>
            (h.GetProperty("kind").GetString(), h.GetProperty("detail").GetString()) == ("priority_given", "-7 instead of 0: later"));
        await cluster.AssertInvariantsAsync();
    }

    [Fact(Timeout = 180_000)]
    public async Task With_servers_every_worker_helps_and_no_task_is_left_however_often_agents_and_coordinator_are_killed()
    {
        await using var cluster = await Cluster.StartAsync(new ClusterSetup { LostAfter = 15 });
        var agents = new[] { await cluster.StartAgentAsync("a", 2, 2), await cluster.StartAgentAsync("b", 2, 2) };
        for (var round = 0; round < 3; round++)
        {
            var now = round;
            await cluster.SubmitAsync([.. Enumerable.Range(0, 60).Select(i => Tasks.Quick($"r{now}-{i}") with { Priority = i % 21 - 10, Retry = 1 })]);
            await cluster.WaitForStartAsync($"r{now}-20");
            if (round == 1)
            {
                await cluster.KillCoordinatorAsync();
                await cluster.StartCoordinatorAsync();
                continue;
            }

            await agents[round % 2].KillAsync();
            await agents[round % 2].StartAsync();
        }

        await cluster.AssertInvariantsAsync();
    }

    [Fact(Timeout = 180_000)]
    public async Task Embedded_the_tools_give_priorities_and_change_them()
    {
        using var folder = new TestFolder();
        var port = TestPorts.Free();
        await using var standalone = ProcessUnderTest.Start(
            "scitq-standalone",
            ["--port", port.ToString(CultureInfo.InvariantCulture), "--data", folder["data"], "--name", "one", "--concurrency", "1", "--prefetch", "0"],
            new Dictionary<string, string?> { ["DOCKER_HOST"] = "unix:///nowhere", ["HOME"] = folder.Path });
        await standalone.WaitForLineAsync("Listening on", Cluster.Patience);
        var ledger = folder["ledger"];
        await LaunchAsync(null, $"echo first >>{ledger}; while [ ! -e {folder["go"]} ]; do sleep 0.1; done");
        await Eventually.Async(() => File.Exists(ledger), "the first has started", Cluster.Patience);
        for (var i = 0; i < Submitted.Length; i++) await LaunchAsync(Submitted[i], $"echo t{i} >>{ledger}");
        // The first task of the system has the number 1.
        (await ToolAsync("scitq-manage", "task", "prioritize", "3,6", "--priority", "-7", "-y")).Success();
        Assert.Equal(2, (await ToolAsync("scitq-manage", "task", "prioritize", "3", "--priority", "11")).Code);
        Assert.Equal(2, (await ToolAsync("scitq-launch", "--priority", "-11", "true")).Code);

        await File.WriteAllTextAsync(folder["go"], "", TestContext.Current.CancellationToken);
        (await ToolAsync("scitq-manage", "task", "wait", "1-11", "--timeout", "90")).Success();
        Assert.Equal(
            ["first", "t2", "t5", "t8", "t0", "t6", "t9", "t3", "t1", "t4", "t7"],
            await File.ReadAllLinesAsync(ledger, TestContext.Current.CancellationToken));

        async Task LaunchAsync(int? priority, string script) =>
            (await ToolAsync("scitq-launch", [.. priority is null ? (string[])[] : ["--priority", $"{priority}"], "sh", "-c", script])).Success();

        Task<ToolOutput> ToolAsync(string program, params string[] arguments) => ToolOutput.RunAsync(
            Path.Combine(TestEnvironment.Bin, program), arguments,
            new Dictionary<string, string?> { ["SCITQ_SERVER"] = $"127.0.0.1:{port}", ["SCITQ_TOKEN"] = null, ["SCITQ_TOKEN_FILE"] = folder["data/token"] });
    }

    private static async Task ActAsync(Cluster cluster, object body)
    {
        using var answer = await cluster.Client.PostAsJsonAsync("/api/v1/tasks/actions", body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
