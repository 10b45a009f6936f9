using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Attempts;
using Scitq.Agent.Bus;
using Scitq.Agent.Claims;
using Scitq.Agent.Files;
using Scitq.Agent.Journal;
using Scitq.Agent.Logs;
using Scitq.Agent.Reports;
using Scitq.Agent.Reuse;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Slots;
using Scitq.Agent.Staging;
using Scitq.Contracts.Messages;
using Scitq.Fetch;

namespace Scitq.Agent.Workers;

/// <summary>The agent: joins its parts, holds its attempts, and drains when it is stopped.</summary>
internal sealed partial class Worker : IHostedService, IInbox, IAsyncDisposable
{
    private static readonly TimeSpan AcknowledgePatience = TimeSpan.FromSeconds(15);
    private readonly AgentOptions _options;
    private readonly IAgentBus _bus;
    private readonly RuntimeSet _runtimes;
    private readonly TimeProvider _time;
    private readonly IHostApplicationLifetime _host;
    private readonly ILogger<Worker> _logger;
    private readonly WorkDirectoryLock _lock;
    private readonly AttemptJournal _journal;
    private readonly AttemptTable _attempts = new();
    private readonly WorkDirectories _directories;
    private readonly Fetcher _fetcher;
    private readonly AccountFetchers _accountFetchers;
    private readonly DiskRoom _room;
    private readonly ResourceCache _resources;
    private readonly SlotGate _slots;
    private readonly SlotGate _places;
    private readonly SlotGate _uploads;
    private readonly Leases _leases;
    private readonly Reporter _reporter;
    private readonly LogPump _logs;
    private readonly ClaimBatcher _claims;
    private readonly TaskIntake _intake;
    private readonly Reuser _reuse;
    private readonly AttemptRunner _runner;
    private readonly WorkerLink _link;
    private readonly Watchdog _watchdog;
    private readonly CancellationTokenSource _stop = new();
    private readonly Signal _finished = new();
    private volatile WorkerSettings _settings;
    private volatile bool _draining;
    private Task _run = Task.CompletedTask;

    public Worker(AgentOptions options, IAgentBus bus, RuntimeSet runtimes, TimeProvider time, IHostApplicationLifetime host, ILoggerFactory loggers)
    {
        (_options, _bus, _runtimes, _time, _host, _logger) = (options, bus, runtimes, time, host, loggers.CreateLogger<Worker>());
        _lock = WorkDirectoryLock.Take(options.WorkDir);
        _journal = AttemptJournal.Open(options.WorkDir, Guid.NewGuid());
        _directories = new WorkDirectories(options.WorkDir, options.KeepFailed, runtimes.UsualOwner, time, loggers.CreateLogger<WorkDirectories>());
        var fetch = new FetchOptions { FileRoots = options.EffectiveFileRoots, Umask = options.TaskUmask, PublicAddressesOnly = options.OnlyPublicAddresses, Storage = options.Storage, Attempts = options.TransferAttempts, IdleTimeout = options.TransferIdle, Notice = text => Transferring(_logger, text) };
        _fetcher = new Fetcher(fetch, time);
        _accountFetchers = new AccountFetchers(fetch, time);
        _room = new DiskRoom(options.WorkDir, options.DiskReserve, options.DiskHigh, _directories.DeleteOldestFailed, () => _resources!.EvictOne());
        _resources = new ResourceCache(_fetcher, _room, Path.Combine(options.WorkDir, "resources"), UsersOf, time, loggers.CreateLogger<ResourceCache>());
        _settings = new WorkerSettings(options.Batch, options.Concurrency, options.Prefetch, Paused: true);
        _slots = new SlotGate(options.Concurrency);
        _places = new SlotGate(options.Concurrency + options.Prefetch);
        _uploads = new SlotGate(UploadsBeside(options.Concurrency));
        _leases = new Leases(time, options.LeaseTime);
        _reporter = new Reporter(bus, time, options.Name, loggers.CreateLogger<Reporter>()) { IsBusy = () => _places.Taken > _slots.Limit };
        _logs = new LogPump(bus, time, options.Name, options.OutputCap, loggers.CreateLogger<LogPump>());
        _claims = new ClaimBatcher(bus, _journal, time, options.Name, loggers.CreateLogger<ClaimBatcher>()) { HasTime = () => _slots.Waiting > _settings.Prefetch / 2, Holds = key => _attempts.TryGet(key, out _), Late = BeginLate };
        _intake = new TaskIntake(bus, _places, _claims, _attempts, _reporter, time, loggers.CreateLogger<TaskIntake>()) { Granted = Begin };
        _reuse = new Reuser(_fetcher, bus, time, options.Name);
        _runner = new AttemptRunner(runtimes, _directories, _slots, new Stager(_fetcher, _resources, _room, time, _accountFetchers), new OutputProbe(_fetcher, options.WorkDir, time) { FileRoots = options.EffectiveFileRoots }, _leases, _logs, _reporter, options, time, loggers.CreateLogger<AttemptRunner>()) { Reuse = _reuse, Uploads = _uploads, GivePlace = GivePlace };
        _link = new WorkerLink(bus, _journal, _attempts, _leases, _resources, new Orders(CarryOut), options, runtimes, loggers.CreateLogger<WorkerLink>()) { Configure = Configure, Stop = Stop, Hold = Hold, Redeliver = Redeliver, Granted = Granted };
        _watchdog = new Watchdog(bus, time, options.Name, _journal.Epoch, loggers.CreateLogger<Watchdog>());
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _run = RunAsync(_stop.Token);
        return Task.CompletedTask;
    }

    /// <summary>Drains: takes nothing more, gives back what has not started, waits for what runs.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _draining = true;
        Apply();
        foreach (var attempt in _attempts.All) attempt.Stop(StopCause.Released);
        if (_link.Registered.IsCompletedSuccessfully && await DrainedAsync(cancellationToken)) await LeaveAsync();
        await _stop.CancelAsync();
        await _run;
        _directories.RemoveSpare();
        await _bus.DisposeAsync();
        await _journal.DisposeAsync();
    }

    public Task ReceiveAsync(object message)
    {
        switch (message)
        {
            case ClaimsAnswered answer: return _claims.AnsweredAsync(answer);
            case WorkerRegistered answer: _link.Answered(answer); break;
            case HeartbeatAnswered answer: _link.Answered(answer); break;
            case ReportsAnswered answer: Recorded(answer.Recorded); break;
            case ReusableFound answer: _reuse.Answered(answer); break;
            case OutputStored answer: _logs.Stored(answer); break;
            case StopAttempt order: Stop(order.Key, StopCause.Cancelled, order.Reason); break;
            case ConfigureWorker order: _link.Ordered(order); break;
            case Ping ping: _watchdog.Heard(ping); break;
        }

        return Task.CompletedTask;
    }

    public Task<bool> ReceiveAsync(TaskQueued message, CancellationToken connection) => _intake.TakeAsync(message, connection);

    public async ValueTask DisposeAsync()
    {
        await _journal.DisposeAsync();
        _lock.Dispose();
        _fetcher.Dispose();
        _accountFetchers.Dispose();
        _stop.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "A part of the agent that dies must take the agent with it, not be forgotten.")]
    private async Task RunAsync(CancellationToken ct)
    {
        try
        {
            foreach (var journalled in _journal.Attempts())
            {
                _attempts.TryAdd(new Attempt(journalled, _directories.For(journalled)));
                _leases.Add(journalled.Key, 0);
            }

            _directories.Clean(_attempts.All.Select(a => a.Directory.Root));
            foreach (var attempt in _attempts.All) _directories.Narrow(attempt.Directory, OwnerOf(attempt));
            _resources.Open();
            await _runtimes.PrepareAsync(_options.Name, _attempts.All.Select(a => a.Key.Lease).ToHashSet(), ct);
            WarnOfSharedData();
            await _bus.StartAsync(this, ct);
            // Each runs until it is stopped: one that ends has failed.
            List<Task> parts = [_claims.RunAsync(ct), _reporter.RunAsync(ct), _logs.RunAsync(ct), _link.RunAsync(ct), _watchdog.RunAsync(ct), TidyAsync(ct)];
            await await Task.WhenAny([_link.Registered, .. parts]);
            Registered(_logger, _options.Name, _settings.Batch, _attempts.Count);
            foreach (var attempt in _attempts.All.OrderBy(a => a.Number)) Resume(attempt);
            await await Task.WhenAny([_intake.RunAsync(ct), .. parts]);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Stopped in order.
        }
        catch (AgentRefusedException e)
        {
            Refused(_logger, e.Message);
            Environment.ExitCode = AgentRefusedException.ExitCode;
            _host.StopApplication();
        }
        catch (Exception e)
        {
            Died(_logger, e);
            Environment.ExitCode = 1;
            _host.StopApplication();
        }
    }

    /// <summary>Where all options of docker are allowed, whoever submits is root anyway.</summary>
    private void WarnOfSharedData()
    {
        const string Shared = "/data";
        if (_options.DockerOptions == "restricted" && _runtimes.DockerVersion is not null && Directory.Exists(Shared) && !MountFlags.IsNoSuid(Shared)) SharedDataSuid(_logger, Shared);
    }

    private Ownership OwnerOf(Attempt attempt)
    {
        try
        {
            return _runtimes.OwnerOf(attempt.Spec, _options.Name);
        }
        catch (StartException)
        {
            // Its account is gone, or no longer allowed: nobody but the agent has to do with the directory.
            return Ownership.Own;
        }
    }

    private void Begin(ClaimOutcome outcome)
    {
        var attempt = new Attempt(outcome.Granted!, _directories.For(outcome.Granted!));
        _leases.Add(attempt.Key, outcome.Sent);
        if (!_attempts.TryAdd(attempt))
        {
            _places.Release();
            return;
        }

        if (_draining) attempt.Stop(StopCause.Released);
        _ = Task.Run(() => BeginAsync(attempt));
    }

    private void Resume(Attempt attempt)
    {
        if (attempt.End is { } end)
        {
            _reporter.Post(end);
            return;
        }

        _places.Seize();
        _ = Task.Run(() => ResumeAsync(attempt));
    }

    private async Task ResumeAsync(Attempt attempt)
    {
        IRun? run = null;
        while (attempt.Redelivers is null)
        {
            try
            {
                run = await _runtimes.For(attempt.Spec).AdoptAsync(RuntimeSet.Request(attempt, _options, _settings.Concurrency), _stop.Token);
                break;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (!_stop.IsCancellationRequested)
            {
                // Whether it runs must be known before anything is decided: the container engine may be on its way up.
                NotAdopted(_logger, attempt.Number, e.Message);
                await Task.Delay(TimeSpan.FromSeconds(5), _time, CancellationToken.None);
            }
        }

        if (run is not null)
        {
            attempt.Adopted();
            _slots.Seize();
            // The agent before may have been killed before it could.
            _reporter.Post(new AttemptReport { Key = attempt.Key, Stage = AttemptStage.Running, Started = run.Started });
        }
        else if (attempt.Redelivers is null)
        {
            // What it may have staged is not known to be whole.
            _directories.Delete(attempt.Directory.Root);
        }

        await RunAsync(attempt, run);
    }

    private async Task RunAsync(Attempt attempt, IRun? adopted)
    {
        var report = await _runner.RunAsync(attempt, adopted);
        if (report is null)
        {
            await ReleaseRunAsync(attempt);
            // It was never this attempt's to drop what another one has left.
            if (attempt.Redelivers is not null) _directories.Keep(attempt.Directory.Root, undelivered: true);
            Forget(attempt);
            if (_runtimes.CommandsRun && attempt.Redelivers is null) _directories.Delete(attempt.Directory.Root);
        }
        else
        {
            _journal.Ended(report);
            attempt.Finish(report);
            _reporter.Post(report);
            await ReleaseRunAsync(attempt);
        }

        GivePlace(attempt);
        _finished.Set();
    }

    private void GivePlace(Attempt attempt)
    {
        if (attempt.TryGivePlace()) _places.Release();
    }

    private static int UploadsBeside(int concurrency) => Math.Max(2, concurrency);

    private async Task ReleaseRunAsync(Attempt attempt)
    {
        if (attempt.Run is null) return;
        try
        {
            await attempt.Run.DisposeAsync();
        }
        catch (Exception e)
        {
            // Its end is known and kept; what can't be removed now is removed as a stranger at the next start.
            NotRemoved(_logger, attempt.Number, e.Message);
        }

        attempt.Run = null;
    }

    private void Recorded(IReadOnlyList<AttemptKey> keys)
    {
        var done = new List<Attempt>();
        foreach (var key in keys)
        {
            if (!_attempts.TryGet(key, out var attempt) || attempt.End is not { } end) continue;
            // Before the journal forgets it: at a start what nobody knows is removed, and this may be all there is of days of work.
            if (end.Result is { Failure: Contracts.FailureClass.Upload, RunEnded: not null } || (attempt.Redelivers is not null && end.Result?.Failure is not null)) _directories.Keep(attempt.Directory.Root, undelivered: true);
            if (Forget(attempt)) done.Add(attempt);
        }

        _finished.Set();
        if (!_runtimes.CommandsRun || done.Count == 0) return;
        _ = Task.Run(() =>
        {
            foreach (var attempt in done)
            {
                if (attempt.End is { Stage: AttemptStage.Ended, Result.Failure: not (null or Contracts.FailureClass.Cancelled) }) _directories.Keep(attempt.Directory.Root);
                else if (attempt is { Spec: { Image: null, Uid: null, Gid: null }, End: { Stage: AttemptStage.Ended, Result.Failure: null } }) _directories.Recycle(attempt.Directory);
                else _directories.Delete(attempt.Directory.Root);
            }
        });
    }

    private bool Forget(Attempt attempt)
    {
        _reporter.Forget(attempt.Key);
        _leases.Remove(attempt.Key);
        _journal.Forgotten(attempt.Key);
        return _attempts.Remove(attempt);
    }

    private void Stop(AttemptKey key, StopCause cause, string? reason)
    {
        if (!_attempts.TryGet(key, out var attempt)) return;
        // An end that is refused will never count: that is as good as recorded.
        if (attempt.End is not null && cause == StopCause.Revoked) Recorded([key]);
        else if (attempt.Stop(cause, reason)) Stopping(_logger, attempt.Number, cause);
    }

    private void Configure(WorkerSettings settings)
    {
        if (settings == _settings) return;
        _settings = settings;
        Configured(_logger, settings.Batch, settings.Concurrency, settings.Prefetch, settings.Paused);
        Apply();
        var excess = _places.Taken - _places.Limit;
        foreach (var attempt in _attempts.All.Where(a => a.Stage == AttemptStage.Accepted).OrderByDescending(a => a.Number))
            if (excess > 0 && attempt.Stop(StopCause.Released)) excess--;
    }

    private void Apply()
    {
        var settings = _settings;
        _slots.Limit = settings.Paused ? 0 : settings.Concurrency;
        _places.Limit = settings.Concurrency + settings.Prefetch;
        _uploads.Limit = UploadsBeside(settings.Concurrency);
        _intake.Batch = settings.Paused || Reason() is not null ? null : settings.Batch;
    }

    private string? Hold()
    {
        Apply();
        return Reason();
    }

    private string? Reason() =>
        _draining ? "draining" : _room.Problem();

    private async Task<bool> DrainedAsync(CancellationToken ct)
    {
        var since = _time.GetTimestamp();
        while (_attempts.All.Any(a => a.End is null))
        {
            if (ct.IsCancellationRequested || _options.DrainTimeout < _time.GetElapsedTime(since) || _run.IsCompleted) return false;
            await _finished.WaitAsync(TimeSpan.FromSeconds(1), CancellationToken.None);
        }

        var ended = _time.GetTimestamp();
        while (_attempts.Count > 0)
        {
            if (ct.IsCancellationRequested || _time.GetElapsedTime(ended) > AcknowledgePatience || _run.IsCompleted) return false;
            await _finished.WaitAsync(TimeSpan.FromSeconds(1), CancellationToken.None);
        }

        return true;
    }

    private async Task LeaveAsync()
    {
        using var patience = new CancellationTokenSource(AcknowledgePatience);
        try
        {
            await _bus.SendAsync(Contracts.Queues.Workers, new WorkerLeft(_options.Name, _journal.Epoch), durable: false, patience.Token);
        }
        catch (Exception e) when (e is SendException or OperationCanceledException)
        {
            // Then it is found out by its silence.
            NotLeft(_logger, e.Message);
        }
    }
}
