using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Scitq.Tests.EndToEnd.Acceptance;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Bus;

/// <summary>Other programs on the bus: plain JSON, published with whatever client, does all that the tools can.</summary>
[Trait("Level", "Integration")]
public sealed partial class BusInteropTests(ServerSystem system)
{
    private const string Tasks = "scitq.tasks";

    [Fact(Timeout = 120_000)]
    public async Task Json_without_any_header_is_a_task()
    {
        var id = Guid.NewGuid();
        await PublishAsync(Tasks, "", $$$"""{"taskId":"{{{id}}}","spec":{"argv":["sh","-c","echo bare"]}}""");
        await EndedAsync(id, "succeeded");
        Assert.Equal("bare\n", (await system.ManageAsync("task", "logs", $"{id}")).Success());
    }

    [Fact(Timeout = 120_000)]
    public async Task The_same_task_published_twice_runs_once()
    {
        var (id, mark) = (Guid.NewGuid(), system.Folder[$"bus-{Guid.NewGuid():N}"]);
        var json = $$$"""{"taskId":"{{{id}}}","spec":{"argv":["sh","-c","echo ran >>{{{mark}}}"]}}""";
        await PublishAsync(Tasks, "", json);
        await PublishAsync(Tasks, "", json);
        Assert.Single((await EndedAsync(id, "succeeded")).GetProperty("attempts").EnumerateArray());
        Assert.Equal("ran\n", await File.ReadAllTextAsync(mark));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_member_tasks_makes_it_many_and_a_reply_address_gets_their_numbers()
    {
        var (first, second, bad) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var answer = await AskAsync($$$"""
            {"tasks":[{"taskId":"{{{first}}}","spec":{"argv":["true"]}},{"taskId":"{{{bad}}}","spec":{"argv":[]}},
             {"taskId":"{{{second}}}","spec":{"argv":["true"],"requirements":["{{{first}}}"],"unknownMember":1}}]}
            """);
        var tasks = answer.GetProperty("tasks").EnumerateArray().ToList();
        Assert.Equal([first, bad, second], tasks.Select(t => t.GetProperty("taskId").GetGuid()));
        Assert.Contains("no command", tasks[1].GetProperty("problem").GetString());
        var ended = await EndedAsync(second, "succeeded");
        Assert.Equal(ended.GetProperty("task_id").GetInt64(), tasks[2].GetProperty("number").GetInt64());
        await EndedAsync(first, "succeeded");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_spec_put_straight_into_a_batchs_queue_becomes_a_task_at_its_first_claim()
    {
        await system.AddressAsync();
        var id = Guid.NewGuid();
        await PublishAsync("", "scitq.batch.Default", $$$"""{"taskId":"{{{id}}}","spec":{"argv":["echo","direct"]}}""");
        await EndedAsync(id, "succeeded");
        Assert.Equal("direct\n", (await system.ManageAsync("task", "logs", $"{id}")).Success());
    }

    [Fact(Timeout = 120_000)]
    public async Task Cancel_and_relaunch_are_told_apart_by_their_header()
    {
        var (id, go) = (Guid.NewGuid(), system.Folder[$"go-{Guid.NewGuid():N}"]);
        await PublishAsync(Tasks, "", $$$"""{"taskId":"{{{id}}}","spec":{"argv":["sh","-c","test -e {{{go}}} || sleep 600"]}}""");
        await EndedAsync(id, "running");
        await PublishAsync(Tasks, "CancelTask", $$$"""{"taskId":"{{{id}}}","reason":"told by the bus"}""");
        var task = await EndedAsync(id, "cancelled");
        Assert.Contains("told by the bus", task.GetRawText());
        await File.WriteAllTextAsync(go, "");
        await PublishAsync(Tasks, "RelaunchTask", $$$"""{"taskId":"{{{id}}}"}""");
        Assert.Equal(2, (await EndedAsync(id, "succeeded")).GetProperty("attempt").GetInt32());
    }

    [Fact(Timeout = 180_000)]
    public async Task The_documentations_python_lines_queue_a_task()
    {
        const string Python = "/usr/bin/python3";
        if (!File.Exists("/usr/lib/python3/dist-packages/pika/__init__.py")) TestEnvironment.Missing("python3-pika is not installed");
        var text = await File.ReadAllTextAsync(Path.Combine(TestEnvironment.Root, "docs", "bus.md"));
        var example = PythonBlock().Match(text).Groups[1].Value;
        Assert.Contains("amqp://guest:guest@127.0.0.1:5672/%2f", example);
        example = example.Replace("amqp://guest:guest@127.0.0.1:5672/%2f", (await system.VhostAsync()).AmqpUri, StringComparison.Ordinal)
            + "print(task[\"taskId\"])\n";
        var run = await ToolOutput.RunAsync(Python, ["-c", example], new Dictionary<string, string?>());
        var id = Guid.Parse(run.Success().Trim());
        await EndedAsync(id, "succeeded");
        Assert.Contains("hello from", (await system.ManageAsync("task", "logs", $"{id}")).Success());
    }

    [Fact(Timeout = 120_000)]
    public async Task Launch_gives_a_task_to_the_broker_and_gets_its_number_back()
    {
        var run = await system.LaunchAsync("-s", (await system.VhostAsync()).AmqpUri, "-n", "by the bus", "printf", "[%s]", "", "it's");
        run.Success();
        await system.TaskAsync(run.TaskId, "succeeded");
        Assert.Equal("[][it's]", (await system.ManageAsync("task", "logs", $"{run.TaskId}")).Success());
    }

    [Fact(Timeout = 180_000)]
    public async Task While_the_coordinator_is_away_launch_prints_the_guid_and_the_task_runs_later()
    {
        await using var own = new ServerSystem();
        var bus = (await own.VhostAsync()).AmqpUri;
        await own.StopCoordinatorAsync();
        var run = await own.LaunchAsync("-s", bus, "-q", "echo", "kept by the broker");
        var id = Guid.Parse(run.Success().Trim());
        Assert.Contains("no coordinator answers; the broker keeps the task", run.Error);

        // A script that tries again with its id queues nothing twice.
        (await own.LaunchAsync("-s", bus, "-q", "--task-id", $"{id}", "echo", "kept by the broker")).Success();
        await own.StartCoordinatorAsync();
        var task = await Eventually.GetAsync(async () => (await own.GetAsync("tasks?status=succeeded")) is var all && all.GetArrayLength() > 0
            ? all.GetRawText()
            : null, "the task has succeeded", TimeSpan.FromSeconds(90));
        var only = Assert.Single(JsonDocument.Parse(task).RootElement.EnumerateArray());
        Assert.Equal((id, 1L), (only.GetProperty("id").GetGuid(), only.GetProperty("task_id").GetInt64()));
        Assert.Equal("kept by the broker\n", (await own.ManageAsync("task", "logs", "1")).Success());
    }

    [GeneratedRegex("```python\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex PythonBlock();

    private async Task<JsonElement> EndedAsync(Guid id, string status) =>
        JsonDocument.Parse(await Eventually.GetAsync(
            async () =>
            {
                try
                {
                    return await system.GetAsync($"tasks/{id}") is var task && task.GetProperty("status").GetString() == status ? task.GetRawText() : null;
                }
                catch (HttpRequestException e) when (e.StatusCode == System.Net.HttpStatusCode.NotFound)
                {
                    return null;            // not come through yet
                }
            },
            $"task {id} is {status}", TimeSpan.FromSeconds(60))).RootElement;

    private async Task PublishAsync(string exchange, string type, string json)
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(
            publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        var properties = new BasicProperties();
        if (exchange.Length > 0 && type.Length > 0)
            properties.Headers = new Dictionary<string, object?> { ["MT-MessageType"] = $"urn:message:Scitq.Contracts.Messages:{type}" };
        await channel.BasicPublishAsync(exchange, exchange.Length > 0 ? "" : type, mandatory: true, properties, Encoding.UTF8.GetBytes(json));
    }

    private async Task<JsonElement> AskAsync(string json)
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        var answer = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            if (delivery.BasicProperties.CorrelationId == "mine") answer.TrySetResult(Encoding.UTF8.GetString(delivery.Body.Span));
            return Task.CompletedTask;
        };
        const string ReplyTo = "amq.rabbitmq.reply-to";
        await channel.BasicConsumeAsync(ReplyTo, autoAck: true, consumer);
        await channel.BasicPublishAsync(Tasks, "", mandatory: true, new BasicProperties { ReplyTo = ReplyTo, CorrelationId = "mine" },
            Encoding.UTF8.GetBytes(json));
        return JsonDocument.Parse(await answer.Task.WaitAsync(TimeSpan.FromSeconds(30))).RootElement;
    }

    private async Task<IConnection> ConnectAsync() =>
        await new ConnectionFactory { Uri = new Uri((await system.VhostAsync()).AmqpUri) }.CreateConnectionAsync();
}
