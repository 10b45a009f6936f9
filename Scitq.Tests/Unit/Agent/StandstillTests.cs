using Microsoft.Extensions.Hosting;
using Scitq.Agent;
using Scitq.Agent.Bus;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Agent;

/// <summary>What an agent makes of a user's wish that a task stands still.</summary>
[Trait("Level", "Unit")]
public sealed class StandstillTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private readonly FakeRuntime _runtime = new();
    private FakeCoordinator _coordinator = null!;
    private AgentInTest? _worker;

    public async ValueTask InitializeAsync() => _coordinator = await FakeCoordinator.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _runtime.EndAll(0);
        await KillAsync();
        await _coordinator.DisposeAsync();
        _folder.Dispose();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_command_stands_still_and_goes_on_as_its_user_wants_and_each_heartbeat_says_so()
    {
        await StartAsync();
        var key = await RunAsync();
        _coordinator.Pauses[key] = new PauseAttempt(key, Paused: true, Turn: 1);
        await Eventually.Async(() => Told(key) && _runtime.Suspended == 1, "it stands still");
        _coordinator.Pauses[key] = new PauseAttempt(key, Paused: false, Turn: 2);
        await Eventually.Async(() => !Told(key) && _runtime.Suspended == 0, "it goes on");
        // An older word that comes late.
        _coordinator.Pauses[key] = new PauseAttempt(key, Paused: true, Turn: 1);
        await BeatsAsync(3);
        Assert.Equal(0, _runtime.Suspended);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_can_not_be_suspended_now_is_suspended_later()
    {
        await StartAsync();
        var key = await RunAsync();
        _runtime.Unable = "the engine is away";
        _coordinator.Pauses[key] = new PauseAttempt(key, Paused: true, Turn: 1);
        await BeatsAsync(3);
        Assert.False(Told(key));
        _runtime.Unable = null;
        await Eventually.Async(() => Told(key), "it stands still");
    }

    [Fact(Timeout = 60_000)]
    public async Task What_waits_for_a_slot_is_given_back_instead()
    {
        await StartAsync(prefetch: 1);
        await RunAsync();
        var second = await _coordinator.QueueAsync("wait");
        var key = await Eventually.GetAsync(() => Task.FromResult(_coordinator.Granted.GetValueOrDefault(second)), "it is granted");
        _coordinator.Pauses[key] = new PauseAttempt(key, Paused: true, Turn: 1);
        await Eventually.Async(() => _coordinator.End(second)?.Stage == AttemptStage.Released, "it is given back");
        Assert.Single(_runtime.Started);
    }

    [Fact(Timeout = 60_000)]
    public async Task Run_time_stands_still_too_over_a_restart_of_the_agent()
    {
        await StartAsync();
        var key = await RunAsync(timeout: 6);
        _coordinator.Pauses[key] = new PauseAttempt(key, Paused: true, Turn: 1);
        await Eventually.Async(() => Told(key), "it stands still");
        await KillAsync();
        // Longer than the command may run.
        await Task.Delay(TimeSpan.FromSeconds(6.5), TestContext.Current.CancellationToken);
        _coordinator.Heartbeats.Clear();
        await StartAsync();
        await BeatsAsync(3);
        Assert.All(_coordinator.Heartbeats.Where(h => h.Leases.Contains(key)), h => Assert.Contains(key, h.Suspended));
        Assert.Equal((1, true), (_runtime.Suspended, _coordinator.End(key.TaskId) is null));

        _coordinator.Pauses[key] = new PauseAttempt(key, Paused: false, Turn: 2);
        var end = await Eventually.GetAsync(() => Task.FromResult(_coordinator.End(key.TaskId)), "its run time is over");
        Assert.Equal(FailureClass.Timeout, end.Result!.Failure);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_may_go_on_since_before_the_agent_has_found_it_again_goes_on()
    {
        await StartAsync();
        var key = await RunAsync();
        _coordinator.Pauses[key] = new PauseAttempt(key, Paused: true, Turn: 1);
        await Eventually.Async(() => Told(key), "it stands still");
        await KillAsync();
        _runtime.Unknown = "the engine is away";
        _coordinator.Pauses[key] = new PauseAttempt(key, Paused: false, Turn: 2);
        await StartAsync();
        await BeatsAsync(3);
        _runtime.Unknown = null;
        await Eventually.Async(() => !Told(key) && _runtime is { Suspended: 0, Running: 1 }, "it goes on");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_stopped_agent_does_not_wait_for_what_stands_still_and_does_not_leave_for_good()
    {
        await StartAsync();
        var key = await RunAsync();
        _coordinator.Pauses[key] = new PauseAttempt(key, Paused: true, Turn: 1);
        await Eventually.Async(() => Told(key), "it stands still");
        await _worker!.StopAsync(CancellationToken.None);
        Assert.Equal((1, true), (_runtime.Suspended, _coordinator.Left.IsEmpty));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_suspended_command_can_be_cancelled()
    {
        await StartAsync();
        var key = await RunAsync();
        _coordinator.Pauses[key] = new PauseAttempt(key, Paused: true, Turn: 1);
        await Eventually.Async(() => Told(key), "it stands still");
        _coordinator.Cancelled[key] = true;
        var end = await Eventually.GetAsync(() => Task.FromResult(_coordinator.End(key.TaskId)), "it ends");
        Assert.Equal(FailureClass.Cancelled, end.Result!.Failure);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_kill_ends_at_once_what_was_being_stopped()
    {
        await StartAsync();
        var key = await RunAsync(command: "stubborn");
        _coordinator.Cancelled[key] = true;
        await Eventually.Async(() => _runtime.Stops.Any(grace => grace > TimeSpan.Zero), "it is asked to end");
        Assert.Equal(1, _runtime.Running);
        _coordinator.Killed[key] = true;
        var end = await Eventually.GetAsync(() => Task.FromResult(_coordinator.End(key.TaskId)), "it ends");
        Assert.Equal(FailureClass.Cancelled, end.Result!.Failure);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_signal_is_sent_once_however_often_its_order_is_told_and_to_whichever_start_of_the_agent()
    {
        await StartAsync();
        var key = await RunAsync();
        _coordinator.Given.Add(new WorkerOrder(7, WorkerOrderKind.Signal, key, 10));
        await Eventually.Async(() => Outcome() is not null, "its outcome is told");
        await KillAsync();
        _coordinator.Heartbeats.Clear();
        await StartAsync();
        await Eventually.Async(() => Outcome() is not null, "its outcome is told again");
        await BeatsAsync(3);
        Assert.Equal([10], _runtime.Signals);

        string? Outcome() => _coordinator.Heartbeats.SelectMany(h => h.Done).FirstOrDefault(o => o.Id == 7)?.Text;
    }

    private bool Told(AttemptKey key) => _coordinator.Heartbeats.LastOrDefault(h => h.Leases.Contains(key))?.Suspended.Contains(key) == true;

    private async Task BeatsAsync(int count)
    {
        var before = _coordinator.Heartbeats.Count;
        await Eventually.Async(() => _coordinator.Heartbeats.Count >= before + count, "heartbeats come");
    }

    private async Task<AttemptKey> RunAsync(int? timeout = null, string command = "wait")
    {
        var task = await _coordinator.QueueAsync(new TaskSpec { Argv = [command], RunTimeout = timeout });
        await Eventually.Async(() => _runtime.Running == 1, "it runs");
        return _coordinator.Granted[task];
    }

    private async Task StartAsync(int prefetch = 0)
    {
        var options = new AgentOptions
            { Name = "w", Concurrency = 1, Prefetch = prefetch, WorkDir = _folder["work"], Heartbeat = TimeSpan.FromMilliseconds(100), DiskReserve = 0 };
        _worker = new AgentInTest(options, new InMemoryAgentBus(_coordinator.Bus, "w", TimeProvider.System), _runtime, new LifetimeInTest());
        await _worker.StartAsync();
    }

    private async Task KillAsync()
    {
        if (_worker is null) return;
        await _worker.StopAsync(new CancellationToken(canceled: true));
        await _worker.DisposeAsync();
        _worker = null;
    }
}
