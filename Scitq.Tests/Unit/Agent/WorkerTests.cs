using System.Text;
using Microsoft.Extensions.Hosting;
using Scitq.Agent;
using Scitq.Agent.Bus;
using Scitq.Agent.Journal;
using Scitq.Agent.Runtimes;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Agent;

[Trait("Level", "Unit")]
public sealed class WorkerTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private readonly FakeRuntime _runtime = new();
    private readonly LifetimeInTest _lifetime = new();
    private FakeCoordinator _coordinator = null!;
    private AgentInTest? _worker;

    public async ValueTask InitializeAsync() => _coordinator = await FakeCoordinator.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _runtime.EndAll(0);
        if (_worker is not null)
        {
            await _worker.StopAsync(new CancellationToken(canceled: true));
            await _worker.DisposeAsync();
        }

        await _coordinator.DisposeAsync();
        _folder.Dispose();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_task_runs_and_its_end_carries_its_output()
    {
        await StartAsync();
        var good = await _coordinator.QueueAsync("print", "hello", "0");
        var bad = await _coordinator.QueueAsync("print", "", "3");
        var end = await EndAsync(good);
        Assert.Null(end.Result!.Failure);
        Assert.Equal((0, 5L), (end.Result.ExitCode, end.Result.StdoutBytes));
        Assert.Equal("hello", Encoding.UTF8.GetString(Assert.Single(end.Output!).Data));
        var failed = await EndAsync(bad);
        Assert.Equal((FailureClass.Exit, 3), (failed.Result!.Failure, failed.Result.ExitCode));
        Assert.Contains("exit code 3", failed.Result.Reason, StringComparison.Ordinal);
        await Eventually.Async(() => Directory.GetDirectories(_folder["work/tasks"]).Length == 0, "directories of recorded attempts are gone");
        Assert.Single(Directory.GetDirectories(_folder["work/failed"]));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_task_delivered_many_times_runs_once()
    {
        await StartAsync(concurrency: 4);
        var task = await _coordinator.QueueAsync("wait");
        for (var i = 0; i < 20; i++) await _coordinator.QueueAsync(task);
        await Eventually.Async(() => _runtime.Running == 1, "it runs");
        await _coordinator.QueueAsync(task);
        _runtime.EndAll(0);
        await EndAsync(task);
        Assert.Single(_runtime.Started);
    }

    [Fact(Timeout = 60_000)]
    public async Task Refused_claims_leave_all_places_free()
    {
        await StartAsync();
        _coordinator.Refuses = true;
        for (var i = 0; i < 10; i++) await _coordinator.QueueAsync("wait");
        await Eventually.Async(() => _coordinator.Claims == 10, "all are asked for");
        _coordinator.Refuses = false;
        var task = await _coordinator.QueueAsync("print", "x", "0");
        await EndAsync(task);
        Assert.Single(_runtime.Started);
    }

    [Fact(Timeout = 60_000)]
    public async Task No_more_run_at_once_than_there_are_slots_and_no_more_are_claimed_than_there_are_places()
    {
        await StartAsync(concurrency: 2, prefetch: 1);
        for (var i = 0; i < 8; i++) await _coordinator.QueueAsync("wait");
        await Eventually.Async(() => _runtime.Running == 2 && _coordinator.Claims == 3, "two run, one is staged");
        for (var i = 0; i < 8; i++)
        {
            _runtime.EndAll(0);
            await Eventually.Async(() => _runtime.Started.Count == Math.Min(8, 2 * (i + 2)), "the next two run");
            if (_runtime.Started.Count == 8) break;
        }

        Assert.Equal(2, _runtime.MostRunning);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_revoked_attempt_is_stopped_and_nothing_is_said_or_left_of_it()
    {
        await StartAsync();
        var task = await _coordinator.QueueAsync("wait");
        await Eventually.Async(() => _runtime.Running == 1, "it runs");
        _coordinator.Revoked[_coordinator.Granted[task]] = true;
        await Eventually.Async(() => _runtime.Running == 0 && Directory.GetDirectories(_folder["work/tasks"]).Length == 0, "it is gone");
        await EndAsync(await _coordinator.QueueAsync("print", "", "0"));
        Assert.Null(_coordinator.End(task));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_cancelled_attempt_is_stopped_and_ends_as_cancelled()
    {
        await StartAsync();
        var running = await _coordinator.QueueAsync("wait");
        await Eventually.Async(() => _runtime.Running == 1, "it runs");
        _coordinator.Cancelled[_coordinator.Granted[running]] = true;
        var end = await EndAsync(running);
        Assert.Equal(FailureClass.Cancelled, end.Result!.Failure);
        await Eventually.Async(() =>
            Directory.GetDirectories(_folder["work/tasks"]).Length + Directory.GetDirectories(_folder["work/failed"]).Length == 0, "nothing is left");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_run_timeout_stops_the_command()
    {
        await StartAsync();
        var end = await EndAsync(await _coordinator.QueueAsync(new TaskSpec { Argv = ["wait"], RunTimeout = 1 }));
        Assert.Equal(FailureClass.Timeout, end.Result!.Failure);
    }

    [Fact(Timeout = 60_000)]
    public async Task Inputs_come_in_and_outputs_are_delivered()
    {
        Directory.CreateDirectory(_folder["in"]);
        await File.WriteAllTextAsync(_folder["in/a.txt"], "abc");
        await StartAsync();
        var task = await _coordinator.QueueAsync(new TaskSpec
            { Argv = ["wait"], Inputs = [DataUri.Parse($"file://{_folder["in/a.txt"]}")], Output = DataUri.Parse($"file://{_folder["out"]}/") });
        await Eventually.Async(() => _runtime.Running == 1, "it runs");
        var directory = _runtime.Started.Single().Directory;
        Assert.Equal("abc", await File.ReadAllTextAsync(Path.Combine(directory.Input, "a.txt")));
        await File.WriteAllTextAsync(Path.Combine(directory.Output, "b.txt"), "defg");
        _runtime.EndAll(0);
        var end = await EndAsync(task);
        Assert.Null(end.Result!.Failure);
        Assert.Equal(("b.txt", 4L), end.Result.Outputs.Select(o => (o.Name, o.Size)).Single());
        Assert.Equal((3L, 4L), (end.Result.BytesIn, end.Result.BytesOut));
        Assert.Equal("defg", await File.ReadAllTextAsync(_folder["out/b.txt"]));
    }

    [Fact(Timeout = 60_000)]
    public async Task While_output_waits_to_be_delivered_the_next_tasks_run_but_only_so_many()
    {
        await StartAsync(concurrency: 1, lease: TimeSpan.FromSeconds(1));
        _coordinator.Deaf = true;
        var delivering = new List<Guid>();
        for (var i = 1; i <= 3; i++)
        {
            delivering.Add(await _coordinator.QueueAsync(new TaskSpec { Argv = ["wait"], Output = DataUri.Parse($"file://{_folder["out"]}/{i}/") }));
            await Eventually.Async(() => _runtime.Started.Count == i && _runtime.Running == 1, "it runs beside those that deliver");
            var started = _runtime.Started.First(r => r.Key.TaskId == delivering[^1]);
            await File.WriteAllTextAsync(Path.Combine(started.Directory.Output, "x"), "x");
            await Eventually.Async(() => _worker!.HasLapsed(started.Key), "without a lease nothing is delivered");
            _runtime.EndAll(0);
        }

        // Two deliver beside the one place, which the third holds.
        var last = await _coordinator.QueueAsync("print", "", "0");
        await Eventually.Async(() =>
            _coordinator.Reports.Where(r => r.Stage == AttemptStage.Uploading).Select(r => r.Key).Distinct().Count() == 3, "three deliver");
        Assert.Equal(3, _runtime.Started.Count);
        _coordinator.Deaf = false;
        foreach (var task in delivering) Assert.Null((await EndAsync(task)).Result!.Failure);
        await EndAsync(last);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_input_that_is_not_there_fails_the_attempt_as_download()
    {
        await StartAsync();
        var end = await EndAsync(await _coordinator.QueueAsync(new TaskSpec { Argv = ["wait"], Inputs = [DataUri.Parse($"file://{_folder["nowhere"]}")] }));
        Assert.Equal(FailureClass.Download, end.Result!.Failure);
        Assert.Empty(_runtime.Started);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_input_outside_of_the_file_roots_is_refused()
    {
        Directory.CreateDirectory(_folder["allowed"]);
        await File.WriteAllTextAsync(_folder["secret"], "x");
        await StartAsync(roots: [_folder["allowed"]]);
        var end = await EndAsync(
            await _coordinator.QueueAsync(new TaskSpec { Argv = ["wait"], Inputs = [DataUri.Parse($"file://{_folder["allowed"]}/../secret")] }));
        Assert.Equal(FailureClass.Download, end.Result!.Failure);
        Assert.Contains("only allowed below", end.Result.Reason, StringComparison.Ordinal);
        Assert.Empty(_runtime.Started);
    }

    [Fact(Timeout = 60_000)]
    public async Task Much_output_is_stored_before_the_end_is_told()
    {
        await StartAsync();
        var text = string.Concat(Enumerable.Range(0, 100_000).Select(i => $"line {i}\n"));
        var task = await _coordinator.QueueAsync("print", text, "0");
        var end = await EndAsync(task);
        Assert.Equal(text, Encoding.UTF8.GetString(_coordinator.Output(end.Key)));
        Assert.Equal(text.Length, end.Result!.StdoutBytes);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_drain_gives_back_what_has_not_started_and_waits_for_what_runs()
    {
        await StartAsync(concurrency: 1, prefetch: 1);
        var running = await _coordinator.QueueAsync("wait");
        await Eventually.Async(() => _runtime.Running == 1, "it runs");
        var staged = await _coordinator.QueueAsync("wait");
        await Eventually.Async(() => _coordinator.Granted.ContainsKey(staged), "the other is staged");
        var drained = _worker!.StopAsync(CancellationToken.None);
        Assert.Equal(AttemptStage.Released, (await EndAsync(staged)).Stage);
        Assert.False(drained.IsCompleted);
        _runtime.EndAll(0);
        await drained;
        Assert.Equal(AttemptStage.Ended, (await EndAsync(running)).Stage);
        await Eventually.Async(() => !_coordinator.Left.IsEmpty, "it has left");
        await _worker.DisposeAsync();
        _worker = null;
    }

    [Fact(Timeout = 60_000)]
    public async Task Fewer_places_give_back_what_has_not_started()
    {
        await StartAsync(concurrency: 1, prefetch: 2);
        var first = await _coordinator.QueueAsync("wait");
        await Eventually.Async(() => _runtime.Running == 1, "it runs");
        Guid[] staged = [await _coordinator.QueueAsync("wait"), await _coordinator.QueueAsync("wait")];
        await Eventually.Async(() => staged.All(_coordinator.Granted.ContainsKey), "two are staged");
        _coordinator.Settings = new WorkerSettings(BatchName.Default, 1, 0, Paused: false);
        foreach (var task in staged) Assert.Equal(AttemptStage.Released, (await EndAsync(task)).Stage);
        Assert.Null(_coordinator.End(first));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_worker_without_room_takes_nothing_and_says_why()
    {
        await StartAsync(diskReserve: long.MaxValue);
        var task = await _coordinator.QueueAsync("print", "x", "0");
        await Eventually.Async(() => _coordinator.Heartbeats.Count > 2, "it lives");
        Assert.Matches("^disk is full: [0-9.]+ .iB free of [0-9.]+ .iB, [0-9.]+ TiB wanted$", _coordinator.Heartbeats.Last().Hold);
        Assert.False(_coordinator.Granted.ContainsKey(task));
    }

    [Fact(Timeout = 60_000)]
    public async Task Heartbeats_tell_how_busy_the_machine_is()
    {
        await StartAsync();
        await Eventually.Async(() => _coordinator.Heartbeats.Any(h => h.Stats is not null), "it tells");
        var stats = _coordinator.Heartbeats.First(h => h.Stats is not null).Stats!;
        Assert.InRange(stats.Cpu + stats.IoWait, 0, 100.1);
        Assert.True(stats.DiskTotal > _coordinator.Heartbeats.Last().DiskFree);
        Assert.Null(stats.Gpus);
    }

    [Fact(Timeout = 60_000)]
    public async Task Orders_are_carried_out_once_and_told_until_that_is_known()
    {
        Directory.CreateDirectory(_folder["in"]);
        await File.WriteAllTextAsync(_folder["in/db"], "0123456789");
        await StartAsync();
        var spec = new TaskSpec { Argv = ["print", "", "3"], Resources = [DataUri.Parse($"file://{_folder["in/db"]}")] };
        await EndAsync(await _coordinator.QueueAsync(spec));
        await EndAsync(await _coordinator.QueueAsync(spec));
        await Eventually.Async(() => Directory.GetDirectories(_folder["work/failed"]).Length == 2, "both are kept");

        (_coordinator.Orders[1], _coordinator.Orders[2]) = (WorkerOrderKind.Clean, WorkerOrderKind.ResetResources);
        await Eventually.Async(() => _coordinator.Outcomes.Count == 2, "both are done");
        Assert.Equal(["removed 2 directories, 20 B", "forgot 1 resource, 10 B"], _coordinator.Outcomes.OrderBy(o => o.Id).Select(o => o.Text));
        Assert.Empty(Directory.GetDirectories(_folder["work/failed"]));
        await Eventually.Async(() => _coordinator.Heartbeats.LastOrDefault()?.Done.Count == 0, "they are no longer told");
        await Eventually.Async(() => _coordinator.Heartbeats.Last(h => h.Resources is not null).Resources!.Count == 0, "no resource is told");
    }

    [Fact(Timeout = 60_000)]
    public async Task Resources_are_told_with_how_many_use_them_when_that_changes()
    {
        Directory.CreateDirectory(_folder["in"]);
        await File.WriteAllTextAsync(_folder["in/db"], "0123456789");
        await StartAsync();
        var uri = $"file://{_folder["in/db"]}";
        await _coordinator.QueueAsync(new TaskSpec { Argv = ["wait"], Resources = [DataUri.Parse(uri)] });
        await Eventually.Async(() => Told() is [{ Bytes: 10, Users: 1 }], "it is used");
        Assert.Equal(uri, Told()![0].Uri);
        _runtime.EndAll(0);
        await Eventually.Async(() => Told() is [{ Users: 0 }], "it is not");
        var told = _coordinator.Heartbeats.Count(h => h.Resources is not null);
        var heartbeats = _coordinator.Heartbeats.Count;
        await Eventually.Async(() => _coordinator.Heartbeats.Count > heartbeats + 3, "more heartbeats");
        Assert.InRange(_coordinator.Heartbeats.Count(h => h.Resources is not null), told, told + 1);

        IReadOnlyList<CachedResource>? Told() => _coordinator.Heartbeats.LastOrDefault(h => h.Resources is not null)?.Resources;
    }

    [Fact(Timeout = 60_000)]
    public async Task Directories_of_failures_go_when_they_have_been_kept_for_long_enough()
    {
        await StartAsync(keepFailed: TimeSpan.FromSeconds(2));
        await EndAsync(await _coordinator.QueueAsync("print", "", "3"));
        await Eventually.Async(() => Directory.GetDirectories(_folder["work/failed"]).Length == 1, "it is kept");
        await Eventually.Async(() => Directory.GetDirectories(_folder["work/failed"]).Length == 0, "it is gone, though no other task failed");
    }

    [Fact(Timeout = 60_000)]
    public async Task What_ran_when_the_agent_was_killed_is_taken_up_again()
    {
        var task = Guid.NewGuid();
        var journalled = new JournalledAttempt(new AttemptKey(task, 1, Guid.NewGuid()), 5, new TaskSpec { Argv = ["wait"] });
        Directory.CreateDirectory(_folder["work"]);
        await using (var journal = AttemptJournal.Open(_folder["work"], Guid.NewGuid(), TimeProvider.System)) await journal.GrantedAsync([journalled]);
        var directory = new WorkDirectory(_folder[$"work/tasks/5-1-{journalled.Key.Lease.ToString("N")[..8]}"]);
        directory.Create(Ownership.Own);
        await _runtime.StartAsync(new RunRequest { Key = journalled.Key, Number = 5, Worker = "w", Spec = journalled.Spec, Directory = directory, Cpu = 1 },
            _ => { }, CancellationToken.None);
        await File.WriteAllTextAsync(directory.Stdout, "before and after");
        Directory.CreateDirectory(_folder["work/tasks/9-1-stranger"]);

        await StartAsync();
        await Eventually.Async(() => !_coordinator.Registrations.IsEmpty, "it registers");
        Assert.Equal(journalled.Key, Assert.Single(_coordinator.Registrations.First().Leases));
        Assert.NotNull(_coordinator.Registrations.First().PreviousEpoch);
        await Eventually.Async(() => !Directory.Exists(_folder["work/tasks/9-1-stranger"]), "what belongs to nobody is removed");
        await Eventually.Async(() => _coordinator.Reports.Any(r => r.Key == journalled.Key && r.Stage == AttemptStage.Running), "that it runs is told");
        _runtime.EndAll(7);
        var end = await EndAsync(task);
        Assert.Equal(7, end.Result!.ExitCode);
        Assert.Equal("before and after".Length, end.Result.StdoutBytes);
        Assert.Single(_runtime.Started);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("the engine is away")]
    [InlineData("hang")]
    public async Task What_can_not_be_told_in_time_is_ended_and_reported_lost(string unknown)
    {
        var key = await GrantedBeforeAsync(running: true);
        _runtime.Unknown = unknown;
        await StartAsync(resume: TimeSpan.FromSeconds(1));
        var end = await EndAsync(key.TaskId);
        Assert.Equal(FailureClass.Lost, end.Result!.Failure);
        Assert.Contains("whether its command still ran", end.Result.Reason, StringComparison.Ordinal);
        Assert.Equal([key.Lease], _runtime.Abandoned);
        Assert.Equal(0, _runtime.Running);

        // The worker goes on.
        await EndAsync(await _coordinator.QueueAsync("print", "", "0"));
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Output_that_can_not_be_read_keeps_no_attempt_from_ending_and_no_agent_from_living(bool lost)
    {
        var key = await GrantedBeforeAsync(running: true);
        // A link that leads nowhere has a length, and can't be opened, not even by root.
        File.CreateSymbolicLink(Path.Combine(Directory.GetDirectories(_folder["work/tasks"]).Single(), "control/stdout"), _folder["gone/stdout"]);
        _runtime.Unknown = lost ? "the engine is away" : null;
        await StartAsync(resume: TimeSpan.FromSeconds(1));
        if (!lost) await Eventually.Async(() => _coordinator.Reports.Any(r => r.Key == key && r.Stage == AttemptStage.Running), "it runs");
        if (!lost) _runtime.EndAll(0);
        var end = await EndAsync(key.TaskId);
        Assert.Equal(lost ? FailureClass.Lost : null, end.Result!.Failure);
        Assert.StartsWith("some of what the command printed to stdout is lost: ", Assert.Single(end.Result.Warnings), StringComparison.Ordinal);
        Assert.False(_lifetime.Stopped);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true, "the engine is away")]
    [InlineData(true, "hang")]
    [InlineData(false, "hang")]
    public async Task A_cancel_and_a_lost_lease_are_heard_while_it_can_not_be_told(bool cancelled, string unknown)
    {
        var key = await GrantedBeforeAsync(running: true);
        _runtime.Unknown = unknown;
        await StartAsync();
        await Eventually.Async(() => !_coordinator.Heartbeats.IsEmpty, "it is registered");
        (cancelled ? _coordinator.Cancelled : _coordinator.Revoked)[key] = true;
        if (cancelled) Assert.Equal(FailureClass.Cancelled, (await EndAsync(key.TaskId)).Result!.Failure);
        await Eventually.Async(() => _coordinator.Heartbeats.LastOrDefault()?.Leases.Count == 0, "it holds nothing any more");
        Assert.Equal([key.Lease], _runtime.Abandoned);
        Assert.Equal(cancelled ? 1 : 0, _coordinator.Reports.Count(r => r.Stage == AttemptStage.Ended));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_stop_is_heard_while_it_can_not_be_told_and_the_next_start_takes_it_up()
    {
        var key = await GrantedBeforeAsync(running: true);
        _runtime.Unknown = "hang";
        await StartAsync();
        await Eventually.Async(() => !_coordinator.Heartbeats.IsEmpty, "it is registered");
        await _worker!.StopAsync(new CancellationToken(canceled: true)).WaitAsync(TimeSpan.FromSeconds(10));
        await _worker.DisposeAsync();
        _runtime.Unknown = null;
        await StartAsync();
        await Eventually.Async(() => _coordinator.Reports.Any(r => r.Key == key && r.Stage == AttemptStage.Running), "it runs");
        _runtime.EndAll(5);
        Assert.Equal(5, (await EndAsync(key.TaskId)).Result!.ExitCode);
        Assert.Empty(_runtime.Abandoned);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_drain_gives_nothing_back_that_may_run(bool running)
    {
        var key = await GrantedBeforeAsync(running);
        _runtime.Unknown = "the engine is away";
        await StartAsync();
        await Eventually.Async(() => !_coordinator.Heartbeats.IsEmpty, "it is registered");
        var stopped = _worker!.StopAsync(CancellationToken.None);
        await Eventually.Async(() => _coordinator.Heartbeats.LastOrDefault()?.Hold == "draining", "it drains");
        Assert.Null(_coordinator.End(key.TaskId));
        _runtime.Unknown = null;
        if (running)
        {
            await Eventually.Async(() => _coordinator.Reports.Any(r => r.Key == key && r.Stage == AttemptStage.Running), "it runs");
            _runtime.EndAll(0);
        }

        Assert.Equal(running ? AttemptStage.Ended : AttemptStage.Released, (await EndAsync(key.TaskId)).Stage);
        await stopped;
        Assert.Equal(running ? 1 : 0, _runtime.Started.Count);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_journal_that_can_not_be_written_is_the_reason_why_nothing_is_taken_until_it_can()
    {
        Directory.CreateDirectory(_folder["work"]);
        using var disk = new ScratchDisk(megabytes: 1, at: _folder["work"]);
        await StartAsync();
        await EndAsync(await _coordinator.QueueAsync("print", "", "0"));
        disk.Fill();
        var task = await _coordinator.QueueAsync(new TaskSpec { Argv = ["print", new string('x', 9000), "0"] });
        await Eventually.Async(() =>
            _coordinator.Heartbeats.LastOrDefault()?.Hold?.StartsWith("the journal can't be written: No space left", StringComparison.Ordinal) == true, "it says why");
        Assert.Null(_coordinator.End(task));
        disk.Free();
        await Eventually.Async(() => _coordinator.Heartbeats.LastOrDefault() is { Hold: null }, "it takes tasks again");
        await _coordinator.QueueAsync(task);
        Assert.Equal(0, (await EndAsync(task)).Result!.ExitCode);
        await _worker!.StopAsync(CancellationToken.None);
        await _worker.DisposeAsync();
        _worker = null;
    }

    [Fact(Timeout = 60_000)]
    public async Task An_end_nobody_recorded_is_told_again_by_the_next_start()
    {
        _coordinator.Records = false;
        await StartAsync();
        var task = await _coordinator.QueueAsync("print", "text", "0");
        await EndAsync(task);
        await _worker!.StopAsync(new CancellationToken(canceled: true));
        await _worker.DisposeAsync();
        _coordinator.Reports.Clear();
        _coordinator.Records = true;
        await StartAsync();
        var end = await EndAsync(task);
        Assert.Equal("text", Encoding.UTF8.GetString(Assert.Single(end.Output!).Data));
        Assert.Single(_runtime.Started);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_refused_agent_ends_with_code_3()
    {
        var before = Environment.ExitCode;
        _coordinator.Refusal = "a worker of this name lives";
        await StartAsync();
        await Eventually.Async(() => _lifetime.Stopped, "it stops");
        Assert.Equal(3, Environment.ExitCode);
        Environment.ExitCode = before;
    }

    /// <summary>What an earlier agent was granted, and has perhaps started.</summary>
    private async Task<AttemptKey> GrantedBeforeAsync(bool running)
    {
        var journalled = new JournalledAttempt(new AttemptKey(Guid.NewGuid(), 1, Guid.NewGuid()), 5, new TaskSpec { Argv = ["wait"] });
        Directory.CreateDirectory(_folder["work"]);
        await using (var journal = AttemptJournal.Open(_folder["work"], Guid.NewGuid(), TimeProvider.System)) await journal.GrantedAsync([journalled]);
        var directory = new WorkDirectory(_folder[$"work/tasks/5-1-{journalled.Key.Lease.ToString("N")[..8]}"]);
        if (running) directory.Create(Ownership.Own);
        if (running)
            await _runtime.StartAsync(new RunRequest
                { Key = journalled.Key, Number = 5, Worker = "w", Spec = journalled.Spec, Directory = directory, Cpu = 1 }, _ => { }, CancellationToken.None);
        return journalled.Key;
    }

    private async Task<AttemptReport> EndAsync(Guid task) =>
        await Eventually.GetAsync(() => Task.FromResult(_coordinator.End(task)), $"task {task} ends", TimeSpan.FromSeconds(30));

    private async Task StartAsync(
        int concurrency = 2, int prefetch = 0, long diskReserve = 0, TimeSpan? keepFailed = null, TimeSpan? lease = null, IReadOnlyList<string>? roots = null,
        TimeSpan? resume = null)
    {
        var options = new AgentOptions
        {
            Name = "w", Concurrency = concurrency, Prefetch = prefetch, WorkDir = _folder["work"], Heartbeat = TimeSpan.FromMilliseconds(100),
            DiskReserve = diskReserve, DiskHigh = 100,
            KeepFailed = keepFailed ?? TimeSpan.FromDays(1), LeaseTime = lease ?? TimeSpan.FromSeconds(30), FileRoots = roots,
            ResumeTimeout = resume ?? TimeSpan.FromMinutes(10),
        };
        _worker = new AgentInTest(options, new InMemoryAgentBus(_coordinator.Bus, "w", TimeProvider.System), _runtime, _lifetime);
        await _worker.StartAsync();
    }
}
