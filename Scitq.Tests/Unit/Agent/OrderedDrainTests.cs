using Microsoft.Extensions.Hosting;
using Scitq.Agent;
using Scitq.Agent.Bus;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Agent;

/// <summary>A worker whose user wants it to drain.</summary>
[Trait("Level", "Unit")]
public sealed class OrderedDrainTests : IAsyncLifetime
{
    private static readonly WorkerSettings Works = new(BatchName.Default, 1, 1, Paused: false);
    private readonly TestFolder _folder = new();
    private readonly FakeRuntime _runtime = new();
    private readonly LifetimeInTest _lifetime = new();
    private FakeCoordinator _coordinator = null!;
    private AgentInTest? _worker;

    public async ValueTask InitializeAsync() => _coordinator = await FakeCoordinator.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _runtime.EndAll(0);
        await StopAsync();
        await _coordinator.DisposeAsync();
        _folder.Dispose();
    }

    [Fact(Timeout = 60_000)]
    public async Task It_gives_back_what_waits_ends_what_runs_takes_nothing_new_and_leaves_in_order()
    {
        var (running, staged) = await OneRunsAndOneWaitsAsync();
        _coordinator.Settings = Works with { Revision = 1, Draining = true };
        Assert.Equal(AttemptStage.Released, (await EndAsync(staged)).Stage);
        await Eventually.Async(() => _coordinator.Heartbeats.Last().Hold == "draining", "it drains");
        Assert.False(_lifetime.Stopped);
        _runtime.EndAll(0);
        Assert.Null((await EndAsync(running)).Result!.Failure);
        await Eventually.Async(() => _lifetime.Stopped, "its process is to end");
        Assert.Equal(["w"], _coordinator.Left);
        // What it is told now, by an answer that was under way, does not bring it back.
        var registrations = _coordinator.Registrations.Count;
        await StopAsync();
        Assert.Equal(registrations, _coordinator.Registrations.Count);
        Assert.Equal(["w"], _coordinator.Left);
    }

    [Fact(Timeout = 60_000)]
    public async Task One_that_is_resumed_before_the_end_stays_and_takes_tasks_again()
    {
        var (_, staged) = await OneRunsAndOneWaitsAsync();
        _coordinator.Settings = Works with { Revision = 1, Draining = true };
        await EndAsync(staged);
        await Eventually.Async(() => _coordinator.Heartbeats.Last().Hold == "draining", "it drains");
        _coordinator.Settings = Works with { Revision = 2 };
        await Eventually.Async(() => _coordinator.Heartbeats.Last().Hold is null, "it drains no more");
        _runtime.EndAll(0);
        await EndAsync(await _coordinator.QueueAsync("print", "", "0"));
        Assert.False(_lifetime.Stopped);
    }

    [Fact(Timeout = 60_000)]
    public async Task One_that_was_restarted_meanwhile_takes_up_what_runs_and_goes_on_draining()
    {
        var (running, _) = await OneRunsAndOneWaitsAsync();
        _coordinator.Settings = Works with { Revision = 1, Draining = true };
        await Eventually.Async(() => _coordinator.Heartbeats.Last().Hold == "draining", "it drains");
        await StopAsync();
        await StartAsync();
        await Eventually.Async(() => _coordinator.Registrations.Count == 2 && _coordinator.Heartbeats.Last().Hold == "draining", "the next one drains");
        Assert.Contains(_coordinator.Granted[running], _coordinator.Registrations.Last(r => r.PreviousEpoch is not null).Leases);
        Assert.False(_lifetime.Stopped);
        _runtime.EndAll(3);
        Assert.Equal(3, (await EndAsync(running)).Result!.ExitCode);
        await Eventually.Async(() => _lifetime.Stopped, "its process is to end");
    }

    [Fact(Timeout = 60_000)]
    public async Task One_that_must_not_wait_stops_what_runs_and_reports_it_lost_without_its_output()
    {
        await StartAsync();
        var task = await _coordinator.QueueAsync(new TaskSpec { Argv = ["wait"], Output = DataUri.Parse($"file://{_folder["out"]}/") });
        await Eventually.Async(() => _runtime.Running == 1, "it runs");
        await File.WriteAllTextAsync(Path.Combine(_runtime.Started.Single().Directory.Output, "half"), "x");
        _coordinator.Settings = Works with { Revision = 1, Draining = true, Evicting = true };
        var end = await EndAsync(task);
        Assert.Equal(FailureClass.Lost, end.Result!.Failure);
        Assert.Contains("had to leave", end.Result.Reason, StringComparison.Ordinal);
        await Eventually.Async(() => _lifetime.Stopped, "its process is to end");
        Assert.False(Directory.Exists(_folder["out"]));
    }

    [Fact(Timeout = 60_000)]
    public async Task One_that_shares_its_process_stays_and_waits_to_be_resumed()
    {
        await StartAsync(ownProcess: false);
        Assert.DoesNotContain(Abilities.Leave, _coordinator.Registrations.Single().Knows);
        _coordinator.Settings = Works with { Revision = 1, Draining = true };
        await Eventually.Async(() => _coordinator.Heartbeats.Last().Hold == "draining", "it drains");
        var task = await _coordinator.QueueAsync("print", "", "0");
        var beats = _coordinator.Heartbeats.Count;
        await Eventually.Async(() => _coordinator.Heartbeats.Count > beats + 15, "it lives");
        Assert.False(_lifetime.Stopped);
        Assert.Empty(_coordinator.Left);
        Assert.Null(_coordinator.End(task));
        _coordinator.Settings = Works with { Revision = 2 };
        await EndAsync(task);
    }

    private async Task<(Guid Running, Guid Staged)> OneRunsAndOneWaitsAsync()
    {
        await StartAsync();
        var running = await _coordinator.QueueAsync("wait");
        await Eventually.Async(() => _runtime.Running == 1, "it runs");
        var staged = await _coordinator.QueueAsync("wait");
        await Eventually.Async(() => _coordinator.Granted.ContainsKey(staged), "the other is staged");
        return (running, staged);
    }

    private async Task<AttemptReport> EndAsync(Guid task) =>
        await Eventually.GetAsync(() => Task.FromResult(_coordinator.End(task)), $"task {task} ends", TimeSpan.FromSeconds(30));

    private async Task StartAsync(bool ownProcess = true)
    {
        var options = new AgentOptions
        {
            Name = "w", Concurrency = 1, Prefetch = 1, WorkDir = _folder["work"], Heartbeat = TimeSpan.FromMilliseconds(100), DiskReserve = 0, DiskHigh = 100,
            StopGrace = TimeSpan.Zero,
        };
        _worker = new AgentInTest(options, new InMemoryAgentBus(_coordinator.Bus, "w", TimeProvider.System), _runtime, _lifetime, ownProcess);
        var before = _coordinator.Registrations.Count;
        await _worker.StartAsync();
        await Eventually.Async(() => _coordinator.Registrations.Count > before, "it registers");
    }

    /// <summary>At once, as a second signal does it.</summary>
    private async Task StopAsync()
    {
        if (_worker is null) return;
        await _worker.StopAsync(new CancellationToken(canceled: true));
        await _worker.DisposeAsync();
        _worker = null;
    }
}
