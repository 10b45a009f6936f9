using System.Net.Http.Json;
using System.Text.RegularExpressions;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Scitq.Access.Broker;
using Scitq.Contracts;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>The broker's users of least right, as the documentation sets them up.</summary>
[Trait("Level", "EndToEnd")]
public sealed partial class BrokerRightsTests
{
    private const int Limit = 180_000;

    [Fact(Timeout = Limit)]
    public async Task The_documented_rights_suffice_and_an_agent_can_do_no_more_than_its_work()
    {
        Users? users = null;
        await using var cluster = await Cluster.StartAsync(new ClusterSetup { Prepare = async c => users = await Users.MakeAsync(c) });
        var agent = await cluster.StartAgentAsync("a", concurrency: 1, prefetch: 1);
        var held = await cluster.SubmitAsync(cluster.Held("held"));
        await using var launch = ProcessUnderTest.Start(
            "scitq-launch", ["-b", cluster.Batch, "-n", "sent", "-e", $"LEDGER={cluster.LedgerFile}", "sh", "-c", "echo sent 1 >>$LEDGER"],
            new Dictionary<string, string?> { ["SCITQ_SERVER"] = users!.Address("submitter") });
        Assert.Equal(0, await launch.WaitForExitAsync());
        Assert.Contains("Task queued with task id: 2", launch.Text, StringComparison.Ordinal);      // answered, too
        await cluster.WaitForStartAsync("held");
        cluster.Release("held");
        await cluster.WaitForAsync(held, "succeeded", attempt: 1);
        await cluster.AssertHeldLogAsync(held);
        await cluster.WaitForStartAsync("sent");

        // Garbage in its batch still goes where the coordinator finds it.
        await using (var connection = await Bus.ConnectAsync(cluster))
        await using (var channel = await connection.ConfirmingAsync()) await channel.SendAsync(Queues.Batch(cluster.Batch), "garbage"u8.ToArray(), null);
        await Eventually.Async(async () =>
            await cluster.ScalarAsync("select count(*) from task_event where kind = 'malformed'") == 1, "it is in the history", Cluster.Patience);
        Assert.DoesNotContain("may not", agent.Process.Text, StringComparison.Ordinal);

        await users.AssertDeniedAsync("agent", c => c.SendAsync(Queues.Tasks, "{}"u8.ToArray(), null));
        await users.AssertDeniedAsync("agent", c => c.BasicPublishAsync("", Queues.Tasks, mandatory: false, new BasicProperties(), "{}"u8.ToArray()).AsTask());
        await users.AssertDeniedAsync("agent", c => c.SendAsync(Queues.Worker("other"), "{}"u8.ToArray(), null));
        await users.AssertDeniedAsync("agent", c => c.QueueDeclareAsync("anything"));
        await users.AssertDeniedAsync("agent", c => c.QueuePurgeAsync(Queues.Reports));
        foreach (var queue in (string[])[Queues.Tasks, Queues.Claims, Queues.Reports])
            await users.AssertDeniedAsync("agent", c => c.BasicGetAsync(queue, autoAck: false));
        await users.AssertDeniedAsync("submitter", c => c.SendAsync(Queues.Reports, "{}"u8.ToArray(), null));
        await users.AssertDeniedAsync("submitter", c => c.BasicGetAsync(Queues.Tasks, autoAck: false));
    }

    [Fact(Timeout = Limit)]
    public async Task A_right_that_is_missing_is_named_once_and_its_grant_is_noticed()
    {
        Users? users = null;
        await using var cluster = await Cluster.StartAsync(new ClusterSetup
            { Prepare = async c => users = await Users.MakeAsync(c, agent: ("^$", "^$", "^$")) });
        await using var agent = new AgentUnderTest(
            cluster, $"a-{cluster.Mark}", cluster["work"], ["--batch", cluster.Batch, "--heartbeat-seconds", "0.5", "--lease-seconds", "8"]);
        agent.Launch();
        await agent.Process.WaitForLineAsync($"may not configure exchange '{Queues.Worker(agent.Name)}' in virtual host '{cluster.Vhost}': grant it");

        var (configure, write, read) = users!.Rights["agent"];
        await users.GrantAsync("agent", configure, "^$", read);
        await agent.Process.WaitForLineAsync($"may not write to queue '{Queues.Worker(agent.Name)}'");
        await users.GrantAsync("agent", configure, @"^scitq\.worker\.", read);
        await agent.Process.WaitForLineAsync($"may not write to exchange '{Queues.Workers}'");
        await users.GrantAsync("agent", configure, write, read);

        await agent.Process.WaitForLineAsync("is registered");
        foreach (var what in (string[])["may not configure", "may not write to queue", $"may not write to exchange '{Queues.Workers}'"])
            Assert.Single(agent.Process.Lines, l => l.Contains(what, StringComparison.Ordinal));
        await agent.DrainAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task A_virtual_host_that_is_missing_is_told_once_and_its_coming_is_noticed()
    {
        var api = new RabbitMqApi(new Uri(TestEnvironment.Required("SCITQ_TEST_RABBITMQ_MANAGEMENT")));
        var name = $"test-{Guid.NewGuid():N}";
        using var folder = new TestFolder();
        var bus = new Dictionary<string, string?> { ["SCITQ_BUS"] = $"{TestEnvironment.Required("SCITQ_TEST_RABBITMQ").TrimEnd('/')}/{name}" };
        await using var coordinator = ProcessUnderTest.Start("scitq-coordinator", ["--port", "0", "--data", folder["data"]], bus);
        await using var agent = ProcessUnderTest.Start("scitq-agent", ["--name", name, "--work-dir", folder["work"]], bus);
        foreach (var process in (ProcessUnderTest[])[coordinator, agent]) await process.WaitForLineAsync($"vhost {name} not found");
        // a few tries, of which only the first is told: no line says that they were made
        await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken);

        await api.CreateVhostAsync(name);
        await using var vhost = new RabbitMqVhost(api, name, "");

        await agent.WaitForLineAsync("is registered", Cluster.Patience);
        Assert.Contains("onnected to the broker at", agent.Text, StringComparison.Ordinal);
        Assert.Contains("Connected to the broker at", coordinator.Text, StringComparison.Ordinal);
        foreach (var process in (ProcessUnderTest[])[coordinator, agent])
        {
            Assert.Single(process.Lines, l => l.Contains("not found", StringComparison.Ordinal));
            Assert.Matches(Stamp(), process.Lines.First(l => l.Contains("not found", StringComparison.Ordinal)));
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_virtual_host_that_vanishes_and_comes_back_costs_no_running_task_its_attempt()
    {
        await using var cluster = await Cluster.StartAsync();
        var agent = await cluster.StartAgentAsync("a", concurrency: 1, prefetch: 1);
        var ids = await cluster.SubmitAsync([cluster.Held("held"), Tasks.Quick("queued"), Tasks.Quick("queued2")]);
        await cluster.WaitForStartAsync("held");

        await cluster.Broker.DeleteVhostAsync(cluster.Vhost);
        await agent.Process.WaitForLineAsync("No connection to the broker");
        cluster.Release("held");
        await cluster.Broker.CreateVhostAsync(cluster.Vhost);

        foreach (var id in ids) await cluster.WaitForAsync(id, "succeeded", attempt: 1);
        await cluster.AssertInvariantsAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task A_broker_that_is_full_is_told_once_and_its_room_is_noticed()
    {
        await using var cluster = await Cluster.StartAsync();
        var limit = $"vhost-limits/{cluster.Vhost}/max-connections";
        using (await cluster.Broker.SendAsync(HttpMethod.Put, limit, new { value = 1 }))
        {
            await using var agent = new AgentUnderTest(
                cluster, $"a-{cluster.Mark}", cluster["work"], ["--batch", cluster.Batch, "--heartbeat-seconds", "0.5", "--lease-seconds", "8"]);
            agent.Launch();
            await agent.Process.WaitForLineAsync("connection limit (1) is reached");
            using var lifted = await cluster.Broker.SendAsync(HttpMethod.Delete, limit);
            await agent.Process.WaitForLineAsync("is registered");
            Assert.Single(agent.Process.Lines, l => l.Contains("connection limit", StringComparison.Ordinal));
            await agent.DrainAsync();
        }
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ")]
    private static partial Regex Stamp();

    /// <summary>Users with the rights that the documentation gives to each.</summary>
    private sealed partial class Users(Cluster cluster)
    {
        private const string Password = "p:ss@w/rd";

        /// <summary>Configure, write, read.</summary>
        public Dictionary<string, (string Configure, string Write, string Read)> Rights { get; } = [];

        public static async Task<Users> MakeAsync(Cluster cluster, (string, string, string)? agent = null)
        {
            var users = new Users(cluster);
            var page = await File.ReadAllTextAsync(Path.Combine(TestEnvironment.Root, "docs", "operations", "security.md"));
            foreach (Match line in Line().Matches(page))
            {
                string Right(int group) => line.Groups[group].Value.Replace("NAME", $"a-{cluster.Mark}", StringComparison.Ordinal)
                    .Replace("BATCH", cluster.Batch, StringComparison.Ordinal);
                users.Rights[line.Groups[1].Value] = (Right(2), Right(3), Right(4));
            }

            foreach (var (user, rights) in users.Rights)
            {
                using var made = await cluster.Broker.SendAsync(HttpMethod.Put, $"users/{users.Full(user)}", new { password = Password, tags = "" });
                var (configure, write, read) = user == "agent" && agent is { } given ? given : rights;
                await users.GrantAsync(user, configure, write, read);
            }

            (cluster.CoordinatorBus, cluster.AgentBus) = (users.Address("coordinator"), users.Address("agent"));
            return users;
        }

        public string Address(string user)
        {
            var broker = new Uri(cluster.AmqpUri);
            return $"amqp://{Full(user)}:{Uri.EscapeDataString(Password)}@{broker.Host}:{broker.Port}/{cluster.Vhost}";
        }

        public async Task GrantAsync(string user, string configure, string write, string read) =>
            (await cluster.Broker.SendAsync(HttpMethod.Put, $"permissions/{cluster.Vhost}/{Full(user)}", new { configure, write, read })).Dispose();

        public async Task AssertDeniedAsync(string user, Func<IChannel, Task> what)
        {
            await using var connection = await BrokerSettings.Read(Address(user)).Factory("test").CreateConnectionAsync();
            await using var channel = await connection.ConfirmingAsync();
            var failure = await Assert.ThrowsAnyAsync<Exception>(() => what(channel));
            Assert.True(BrokerFailure.IsDenied(failure), failure.ToString());
        }

        // Users are the broker's, not the virtual host's.
        private string Full(string user) => $"{user}-{cluster.Mark}";

        [GeneratedRegex(
            @"^rabbitmqctl set_permissions -p scitq (coordinator|submitter|agent)\S* \\?\s*'([^']*)' \\?\s*'([^']*)' \\?\s*'([^']*)'", RegexOptions.Multiline)]
        private static partial Regex Line();
    }
}
