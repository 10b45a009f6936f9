using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>The service itself can't hear: paused, restarted again and again, on a database that takes no writes. Its workers pay nothing for that.</summary>
[Trait("Level", "EndToEnd")]
public sealed class DeafServiceTests
{
    private const int Limit = 420_000, SigStop = 19, SigCont = 18;

    [Fact(Timeout = Limit)]
    public async Task A_coordinator_paused_for_longer_than_its_patience_loses_nobody_and_what_it_grants_late_is_taken_up()
    {
        await using var cluster = await Cluster.StartAsync(new ClusterSetup { LostAfter = 6 });
        await cluster.StartAgentAsync("a", concurrency: 2);
        var held = await cluster.SubmitAsync([cluster.Held("one"), cluster.Held("two")]);
        await cluster.WaitForStartAsync("one");
        await cluster.WaitForStartAsync("two");
        await cluster.SubmitAsync([.. Enumerable.Range(0, 6).Select(i => Tasks.Quick($"q{i}"))]);

        cluster.Coordinator.Signal(SigStop);
        cluster.Release("two");             // its slot asks for another task, which nobody grants within its patience
        // Here and below the length is the point: longer than any patience with a worker, and nothing happens meanwhile that could be awaited.
        await Task.Delay(TimeSpan.FromSeconds(14));
        cluster.Coordinator.Signal(SigCont);
        await cluster.WaitForAsync(held[1], "succeeded", attempt: 1);
        cluster.Coordinator.Signal(SigStop);
        await Task.Delay(TimeSpan.FromSeconds(8));
        cluster.Coordinator.Signal(SigCont);
        cluster.Release("one");

        await cluster.AssertInvariantsAsync();
        Assert.Equal(0, await cluster.ScalarAsync("select count(*) from task where attempt > 1 or losses > 0 or state <> 'succeeded'"));
        Assert.Equal(0, await cluster.ScalarAsync("select count(*) from task_event"));
        Assert.DoesNotContain("is lost", cluster.Coordinator.Text, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task A_standalone_that_is_paused_takes_up_where_it_was()
    {
        using var folder = new TestFolder();
        await using var standalone = ProcessUnderTest.Start("scitq-standalone", [
            "--port", "0", "--no-token", "--data", folder["data"], "--heartbeat-seconds", "0.5", "--lease-seconds", "2",
            "--Tasks:LostAfterSeconds", "4", "--Tasks:LeaseMarginSeconds", "1", "--Tasks:GraceSeconds", "1"]);
        var listening = await standalone.WaitForLineAsync("Listening on", Cluster.Patience);
        using var client = new HttpClient { BaseAddress = new Uri(listening.Split(' ')[^1]) };
        var go = folder["go"];
        using var response = await client.PostAsJsonAsync("/api/v1/tasks",
            new { argv = new[] { "sh", "-c", $"while [ ! -e {go} ]; do sleep 0.1; done; echo x >$OUTPUT/x" }, output = $"file://{folder["out"]}/" });
        var id = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        await ReachesAsync("running");

        standalone.Signal(SigStop);
        await Task.Delay(TimeSpan.FromSeconds(9));
        standalone.Signal(SigCont);
        await File.WriteAllTextAsync(go, "");

        var task = await ReachesAsync("succeeded");
        Assert.Equal((1, 0), (task.GetProperty("attempt").GetInt32(), task.GetProperty("infra_losses").GetInt32()));
        Assert.DoesNotContain("is lost", standalone.Text, StringComparison.Ordinal);

        async Task<JsonElement> ReachesAsync(string status)
        {
            var now = default(JsonElement);
            await Eventually.Async(
                async () => (now = await client.GetFromJsonAsync<JsonElement>($"/api/v1/tasks/{id}")).GetProperty("status").GetString() == status,
                    $"the task is {status}", Cluster.Patience);
            return now;
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_dead_worker_is_lost_though_the_coordinator_restarts_more_often_than_its_grace()
    {
        await using var cluster = await Cluster.StartAsync(new ClusterSetup { LostAfter = 6, Coordinator = ["--Tasks:GraceSeconds", "9"] });
        var dead = await cluster.StartAgentAsync("dead");
        var id = await cluster.SubmitAsync(cluster.Held("held"));
        await cluster.WaitForAsync(id, "running");
        await dead.KillAsync();
        foreach (var pid in Invariants.ProcessesOf(cluster, attempt: 1).ToList()) Posix.Kill(pid);
        await cluster.StartAgentAsync("other");

        var restarts = 0;
        for (; !(await cluster.LedgerAsync()).Contains(("held", 2)); restarts++)
        {
            await cluster.KillCoordinatorAsync();
            // Only what a coordinator hears counts, and on a busy machine most of its life may go by until it is ready.
            await cluster.StartCoordinatorAsync(ready: true);
            await Task.Delay(TimeSpan.FromSeconds(3));
        }

        Assert.InRange(restarts, 1, 40);
        cluster.Release("held");
        await cluster.WaitForAsync(id, "succeeded", attempt: 2);
        await dead.StartAsync();
        await cluster.AssertInvariantsAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task A_database_that_becomes_read_only_under_load_is_waited_for_and_named()
    {
        await using var server = await PostgresServer.StartPrivateAsync();
        await using var cluster = await Cluster.StartAsync(new ClusterSetup { Database = server, LostAfter = 6 });
        await cluster.StartAgentAsync("a", concurrency: 4, prefetch: 4);
        var held = await cluster.SubmitAsync([cluster.Held("one"), cluster.Held("two")]);
        await cluster.WaitForStartAsync("one");
        await cluster.WaitForStartAsync("two");
        await cluster.SubmitAsync([.. Enumerable.Range(0, 200).Select(i => Tasks.Quick($"q{i}"))]);
        await Eventually.Async(async () => (await cluster.LedgerAsync()).Count > 20, "the load is on", Cluster.Patience);
        var lines = cluster.Coordinator.Lines.Count;

        await server.ExecuteAsync("alter system set default_transaction_read_only = on", "select pg_reload_conf()");
        var reason = await Eventually.GetAsync(
            async () =>
            {
                using var health = await cluster.Client.GetAsync("/health/ready");
                return health.StatusCode == HttpStatusCode.ServiceUnavailable ? await health.Content.ReadAsStringAsync() : null;
            },
            "the coordinator is not ready", Cluster.Patience);
        Assert.Contains("read-only", reason, StringComparison.Ordinal);
        cluster.Release("two");             // ends while nothing can be recorded
        using (var submitted = await cluster.Client.PostAsJsonAsync("/api/v1/tasks",
            new { argv = new[] { "true" }, id = Guid.NewGuid(), batch = cluster.Batch }))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, submitted.StatusCode);
            Assert.Contains("read-only", (await submitted.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail")
                .GetString(), StringComparison.Ordinal);
        }

        // The length is the point: longer than a silent worker is waited for.
        await Task.Delay(TimeSpan.FromSeconds(8));
        await server.ExecuteAsync("alter system reset default_transaction_read_only", "select pg_reload_conf()");

        await cluster.WaitForAsync(held[1], "succeeded", attempt: 1);
        cluster.Release("one");
        await cluster.WaitForAllAsync();
        Assert.Equal(0, await cluster.ScalarAsync("select count(*) from task where attempt > 1 or losses > 0 or state <> 'succeeded'"));
        var said = cluster.Coordinator.Lines.Skip(lines).ToList();
        Assert.Contains(said, l => l.Contains("The database is back after", StringComparison.Ordinal));
        Assert.InRange(said.Count, 2, 12);
        using var ready = await cluster.Client.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact(Timeout = Limit)]
    public async Task A_stopped_task_is_cancelled_though_its_command_ends_well_and_rings_are_refused()
    {
        await using var cluster = await Cluster.StartAsync();
        await cluster.StartAgentAsync("a");
        var id = await cluster.SubmitAsync(Tasks.Shell("polite",
            "trap 'exit 0' TERM; echo \"$NAME $SCITQ_ATTEMPT\" >>\"$LEDGER\"; while :; do sleep 0.1; done"));
        await cluster.WaitForStartAsync("polite");
        var after = Guid.CreateVersion7();
        (await cluster.Client.PostAsJsonAsync("/api/v1/tasks",
            new { argv = new[] { "true" }, id = after, batch = cluster.Batch, requirements = new[] { id.ToString() } })).EnsureSuccessStatusCode().Dispose();
        (await cluster.Client.PostAsync($"/api/v1/tasks/{id}/cancel", null)).EnsureSuccessStatusCode().Dispose();
        var task = await cluster.WaitForAsync(id, "cancelled", attempt: 1);
        Assert.Equal((0, "cancelled"), (task.GetProperty("exit_code").GetInt32(), task.GetProperty("failure_class").GetString()));
        Assert.Equal("waiting", await cluster.StatusAsync(after));

        // By itself, in a ring, and in a ring by the bus.
        var (a, b) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        using var alone = await cluster.Client.PostAsJsonAsync("/api/v1/tasks", new { argv = new[] { "true" }, id = a, requirements = new[] { a.ToString() } });
        Assert.Contains("requires itself", await ProblemAsync(alone), StringComparison.Ordinal);
        object Of(Guid self, Guid other) => new { argv = new[] { "true" }, id = self, requirements = new[] { other.ToString() } };
        using var ring = await cluster.Client.PostAsJsonAsync("/api/v1/tasks/bulk", new { tasks = new[] { Of(a, b), Of(b, a) } });
        Assert.Contains("require each other in a ring", await ProblemAsync(ring), StringComparison.Ordinal);
        await using var connection = await Bus.ConnectAsync(cluster);
        await using var channel = await connection.ConfirmingAsync();
        SubmitTask By(Guid self, Guid other) => new() { TaskId = self, Spec = new TaskSpec { Argv = ["true"], Requirements = [other.ToString()] } };
        await channel.SendAsync(Queues.Tasks, new SubmitTasks { Tasks = [By(a, b), By(b, a)] });
        await Eventually.Async(
            async () => await cluster.ScalarAsync("select count(*) from task_event where kind = 'refused' and detail like '%in a ring%'") == 2,
                "both are refused", Cluster.Patience);
        Assert.Equal(0, await cluster.ScalarAsync($"select count(*) from task where id in ('{a}', '{b}')"));

        static async Task<string> ProblemAsync(HttpResponseMessage response)
        {
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString()!;
        }
    }
}
