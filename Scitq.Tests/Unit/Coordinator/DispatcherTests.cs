using MassTransit;
using Microsoft.Extensions.Logging.Abstractions;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Bus;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Workers;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Coordinator;

/// <summary>The queue between the commits and the bus.</summary>
[Trait("Level", "Unit")]
public sealed class DispatcherTests
{
    [Fact(Timeout = 60_000)]
    public async Task A_broker_that_hangs_costs_no_memory_and_what_did_not_fit_is_asked_for_when_it_goes_on()
    {
        var bus = MassTransit.Bus.Factory.CreateUsingInMemory(_ => { });
        var queues = new HangingQueues();
        using var requests = new ReconcileRequests();
        using var dispatcher = new Dispatcher(
            queues, new MemoryTopology(bus, TimeProvider.System), bus, requests, NullLogger<Dispatcher>.Instance);
        await dispatcher.StartAsync(TestContext.Current.CancellationToken);
        var task = new CommittedTask(new TaskSaga { CorrelationId = Guid.NewGuid(), Batch = "b", Attempt = 1 }, new TaskEffects { Dispatch = true });
        var group = Enumerable.Repeat(task, 1000).ToList();

        for (var i = 0; i < 3 * Dispatcher.MostWaiting; i += group.Count) dispatcher.Committed(group);

        await queues.Asked.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.False(requests.Take().All, "nothing is gained by looking before the broker goes on");
        queues.Hang.SetResult();
        var asked = false;
        await Eventually.Async(() => asked |= requests.Take().All, "the reconciler is asked for what did not fit");
        await Eventually.Async(() => queues.Sent >= Dispatcher.MostWaiting, "what did fit is sent");
        await dispatcher.StopAsync(TestContext.Current.CancellationToken);
        // Besides those that waited there were those in flight.
        Assert.InRange(queues.Sent, Dispatcher.MostWaiting, Dispatcher.MostWaiting + 1000);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_could_not_be_sent_is_asked_for()
    {
        var bus = MassTransit.Bus.Factory.CreateUsingInMemory(_ => { });
        var queues = new HangingQueues();
        queues.Hang.SetException(new IOException("the broker refused a message."));
        using var requests = new ReconcileRequests();
        using var dispatcher = new Dispatcher(
            queues, new MemoryTopology(bus, TimeProvider.System), bus, requests, NullLogger<Dispatcher>.Instance);
        await dispatcher.StartAsync(TestContext.Current.CancellationToken);
        var task = new CommittedTask(new TaskSaga { CorrelationId = Guid.NewGuid(), Batch = "b", Attempt = 1 }, new TaskEffects { Dispatch = true });

        dispatcher.Committed([task]);

        await Eventually.Async(() => requests.Take().All, "the reconciler is asked");
        await dispatcher.StopAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A broker that takes messages and confirms none until it is told to.</summary>
    private sealed class HangingQueues : ITaskQueues
    {
        private int _sent;

        public TaskCompletionSource Hang { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Sent => Volatile.Read(ref _sent);

        public TimeSpan LongestRound => TimeSpan.MaxValue;

        public bool Admit(CommittedTask task) => true;

        public async Task SendAsync(IReadOnlyList<(string Batch, TaskQueued Task)> tasks, CancellationToken ct)
        {
            Asked.TrySetResult();
            await Hang.Task.WaitAsync(CancellationToken.None);
            Interlocked.Add(ref _sent, tasks.Count);
        }

        public Task<IReadOnlyList<Guid>> MissingAsync(PendingTasks pending, CancellationToken ct) => throw new NotSupportedException();
    }
}
