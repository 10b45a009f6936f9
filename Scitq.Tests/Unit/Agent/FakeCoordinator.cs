using System.Collections.Concurrent;
using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Bus;

namespace Scitq.Tests.Unit.Agent;

/// <summary>The other end of the protocol on an in-memory bus: grants what it has not refused, records what it is told.</summary>
internal sealed class FakeCoordinator : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Guid, TaskSpec> _specs = new();
    private readonly ConcurrentDictionary<(AttemptKey, OutputStream), MemoryStream> _output = new();
    private long _number;

    private FakeCoordinator() => Bus = MassTransit.Bus.Factory.CreateUsingInMemory(bus =>
    {
        bus.UsePlainJson();
        bus.ReceiveEndpoint(Queues.Claims, e => Take<ClaimTasks>(e, c => c.Worker, ClaimAsync));
        bus.ReceiveEndpoint(Queues.Reports, e => Take<AttemptReports>(e, r => r.Worker, ReportAsync));
        bus.ReceiveEndpoint(Queues.Logs, e => Take<OutputAppended>(e, o => o.Worker, StoreAsync));
        bus.ReceiveEndpoint(Queues.Workers, e =>
        {
            Take<RegisterWorker>(e, r => r.Worker, RegisterAsync);
            Take<WorkerHeartbeat>(e, h => h.Worker, HeartbeatAsync);
            e.Handler<WorkerLeft>(c =>
            {
                Left.Add(c.Message.Worker);
                return Task.CompletedTask;
            });
        });
    });

    public IBusControl Bus { get; }

    public ConcurrentQueue<AttemptReport> Reports { get; } = new();

    public ConcurrentDictionary<Guid, AttemptKey> Granted { get; } = new();

    public ConcurrentBag<string> Left { get; } = [];

    public ConcurrentDictionary<AttemptKey, bool> Revoked { get; } = new();

    public ConcurrentDictionary<AttemptKey, bool> Cancelled { get; } = new();

    /// <summary>What users want of attempts; told with each answer to a heartbeat that names them.</summary>
    public ConcurrentDictionary<AttemptKey, PauseAttempt> Pauses { get; } = new();

    public ConcurrentBag<RegisterWorker> Registrations { get; } = [];

    public ConcurrentQueue<WorkerHeartbeat> Heartbeats { get; } = new();

    /// <summary>What users have ordered and the worker has not said to have done.</summary>
    public ConcurrentDictionary<long, WorkerOrderKind> Orders { get; } = new();

    /// <summary>Orders that are told whatever the worker says, as by a coordinator whose database is away.</summary>
    public ConcurrentBag<WorkerOrder> Given { get; } = [];

    public ConcurrentDictionary<AttemptKey, bool> Killed { get; } = new();

    public ConcurrentQueue<OrderOutcome> Outcomes { get; } = new();

    public volatile bool Refuses;

    public volatile bool Records = true;

    /// <summary>Leaves heartbeats unanswered, so that leases lapse.</summary>
    public volatile bool Deaf;

    public volatile string? Refusal;

    public volatile WorkerSettings? Settings;

    public int Claims { get; private set; }

    public static async Task<FakeCoordinator> StartAsync()
    {
        var coordinator = new FakeCoordinator();
        await coordinator.Bus.StartAsync();
        // Makes the queue, so that what is sent before the agent listens waits there.
        var batch = coordinator.Bus.ConnectReceiveEndpoint(Queues.Batch(BatchName.Default), e => e.ConfigureConsumeTopology = false);
        await batch.Ready;
        await batch.StopAsync();
        return coordinator;
    }

    public async Task<Guid> QueueAsync(params string[] argv)
    {
        var task = Guid.NewGuid();
        _specs[task] = new TaskSpec { Argv = argv };
        await QueueAsync(task);
        return task;
    }

    public async Task<Guid> QueueAsync(TaskSpec spec)
    {
        var task = Guid.NewGuid();
        _specs[task] = spec;
        await QueueAsync(task);
        return task;
    }

    public Task QueueAsync(Guid task) => SendAsync(Queues.Batch(BatchName.Default), new TaskQueued { TaskId = task });

    public AttemptReport? End(Guid task) =>
        Reports.FirstOrDefault(r => r.Key.TaskId == task && r.Stage is AttemptStage.Ended or AttemptStage.Released && r.Key.TaskId == task);

    public byte[] Output(AttemptKey key) => _output.TryGetValue((key, OutputStream.Stdout), out var stream) ? stream.ToArray() : [];

    public async ValueTask DisposeAsync() => await Bus.StopAsync();

    private static void Take<T>(IReceiveEndpointConfigurator endpoint, Func<T, string> worker, Func<T, object?> answer)
        where T : class
    {
        endpoint.ConfigureConsumeTopology = false;
        endpoint.Handler<T>(async context =>
        {
            if (answer(context.Message) is not { } reply) return;
            var to = await context.GetSendEndpoint(BusConfiguration.Address(Queues.Worker(worker(context.Message))));
            await to.Send(reply, reply.GetType());
        });
    }

    private ClaimsAnswered ClaimAsync(ClaimTasks claim)
    {
        lock (_specs) Claims += claim.Items.Count;
        return new ClaimsAnswered
        {
            Request = claim.Request,
            // What has ended is not run again, however late its message is delivered once more.
            Items = [.. claim.Items.Select(i => Refuses || End(i.TaskId)?.Stage == AttemptStage.Ended
                ? new ClaimAnswer { TaskId = i.TaskId, Attempt = i.Attempt, Reason = "no" }
                : new ClaimAnswer
                {
                    TaskId = i.TaskId,
                    Attempt = i.Attempt,
                    Lease = Granted.GetOrAdd(i.TaskId, t => new AttemptKey(t, i.Attempt, Guid.NewGuid())).Lease,
                    Number = Interlocked.Increment(ref _number),
                    Spec = _specs[i.TaskId],
                })],
        };
    }

    private ReportsAnswered? ReportAsync(AttemptReports reports)
    {
        foreach (var report in reports.Items) Reports.Enqueue(report);
        var ends = reports.Items.Where(r => r.Stage is AttemptStage.Ended or AttemptStage.Released).Select(r => r.Key).ToArray();
        return Records && ends.Length > 0 ? new ReportsAnswered { Recorded = ends } : null;
    }

    private OutputStored StoreAsync(OutputAppended output)
    {
        var stream = _output.GetOrAdd((output.Key, output.Chunk.Stream), _ => new MemoryStream());
        lock (stream)
        {
            if (output.Chunk.Offset == stream.Length) stream.Write(output.Chunk.Data);
            return new OutputStored(output.Key, output.Chunk.Stream, stream.Length);
        }
    }

    private WorkerRegistered RegisterAsync(RegisterWorker message)
    {
        Registrations.Add(message);
        return new WorkerRegistered { Epoch = message.Epoch, Refusal = Refusal, Settings = Settings, Revoked = [.. message.Leases.Where(Revoked.ContainsKey)] };
    }

    private HeartbeatAnswered? HeartbeatAsync(WorkerHeartbeat message)
    {
        Heartbeats.Enqueue(message);
        if (Deaf) return null;
        foreach (var outcome in message.Done)
            if (Orders.TryRemove(outcome.Id, out _)) Outcomes.Enqueue(outcome);
        return new HeartbeatAnswered
        {
            Sequence = message.Sequence,
            Settings = Settings,
            Revoked = [.. message.Leases.Where(Revoked.ContainsKey)],
            Cancelled = [.. message.Leases.Where(Cancelled.ContainsKey)],
            Pauses = [.. message.Leases.Where(Pauses.ContainsKey).Select(k => Pauses[k])],
            Killed = [.. message.Leases.Where(Killed.ContainsKey)],
            Orders = [.. Orders.Select(o => new WorkerOrder(o.Key, o.Value)), .. Given],
        };
    }

    private async Task SendAsync<T>(string queue, T message)
        where T : class
    {
        var endpoint = await Bus.GetSendEndpoint(BusConfiguration.Address(queue));
        await endpoint.Send(message);
    }
}
