using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Scitq.Agent.Bus;
using Scitq.Agent.Parts;
using Scitq.Agent.Reports;
using Scitq.Agent.Slots;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Agent;

[Trait("Level", "Unit")]
public sealed class ReporterTests : IAsyncDisposable
{
    private readonly RecordingBus _bus = new();
    private readonly AttemptKey _key = new(Guid.NewGuid(), 1, Guid.NewGuid());

    [Fact(Timeout = 30_000)]
    public async Task An_end_overtakes_what_came_before_it()
    {
        using var stop = new CancellationTokenSource();
        var reporter = NewReporter();
        reporter.Post(Report(AttemptStage.Running));
        reporter.Post(Report(AttemptStage.Ended));
        reporter.Post(Report(AttemptStage.Uploading));
        var run = reporter.RunAsync(stop.Token);
        await Eventually.Async(() => !_bus.Sent.IsEmpty, "a report is sent");
        Assert.Equal(AttemptStage.Ended, Assert.Single(Assert.Single(_bus.Sent).Items).Stage);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Fact(Timeout = 30_000)]
    public async Task What_could_not_be_sent_is_sent_again_in_its_latest_state()
    {
        using var stop = new CancellationTokenSource();
        _bus.Broken = true;
        var reporter = NewReporter();
        var run = reporter.RunAsync(stop.Token);
        reporter.Post(Report(AttemptStage.Running));
        await Eventually.Async(() => _bus.Tries > 0, "it was tried");
        reporter.Post(Report(AttemptStage.Ended));
        Assert.Equal(1, reporter.Unacknowledged);
        _bus.Broken = false;
        await Eventually.Async(() => !_bus.Sent.IsEmpty, "a report is sent");
        Assert.Equal(AttemptStage.Ended, Assert.Single(Assert.Single(_bus.Sent).Items).Stage);
        reporter.Forget(_key);
        Assert.Equal(0, reporter.Unacknowledged);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    public ValueTask DisposeAsync() => _bus.DisposeAsync();

    private Reporter NewReporter() => new(
        _bus, new WorkerIdentity("w", Guid.NewGuid()), new Capacity(concurrency: 1, prefetch: 0, TimeProvider.System), TimeProvider.System,
        NullLogger<Reporter>.Instance);

    private AttemptReport Report(AttemptStage stage) => new() { Key = _key, Stage = stage };

    private sealed class RecordingBus : IAgentBus
    {
        public ConcurrentQueue<AttemptReports> Sent { get; } = new();

        public volatile bool Broken;

        public volatile int Tries;

        public bool Healthy => true;

        public Task SendAsync<T>(string queue, T message, bool durable, CancellationToken ct)
            where T : class
        {
            Tries++;
            if (Broken) throw new SendException("The broker is away.", new TimeoutException());
            Sent.Enqueue((AttemptReports)(object)message);
            return Task.CompletedTask;
        }

        public Task StartAsync(IInbox inbox, CancellationToken ct) => Task.CompletedTask;

        public Task ConnectBatchAsync(string batch, int prefetch, CancellationToken ct) => Task.CompletedTask;

        public Task DisconnectBatchAsync(CancellationToken ct) => Task.CompletedTask;

        public Task RebuildAsync(CancellationToken ct) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
