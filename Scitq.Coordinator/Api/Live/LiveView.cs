using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api.Live;

/// <summary>
/// What all who watch see, read once for all of them: a second after something was committed here, and every other second for what other coordinators
/// and workers do. While nobody watches nothing is read.
/// </summary>
internal sealed partial class LiveView(
    BatchQueries batches, IDbContextFactory<ScitqDb> contexts, TimeProvider clock, ILogger<LiveView> logger) : ICommitObserver, IDisposable
{
    private const int MostTasks = 1000;
    private const int LongestCommand = 200;
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1), Most = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _news = new(0);
    private LiveState _state = LiveState.Nothing;
    private Task? _looking;
    private long? _looked;
    private bool _isFailing;

    public void Committed(IReadOnlyList<CommittedTask> tasks)
    {
        if (_news.CurrentCount == 0) _news.Release();
    }

    /// <summary>A state later than the one that was seen; the same one when none has come within the patience.</summary>
    public async Task<LiveState> AfterAsync(LiveState seen, TimeSpan patience, CancellationToken ct)
    {
        for (var started = clock.GetTimestamp(); ;)
        {
            Task looking;
            lock (_lock)
            {
                // One that was made while nobody watched says nothing of today.
                if (_state.Version > seen.Version && _looked is { } then && clock.GetElapsedTime(then) < 2 * Most) return _state;
                looking = _looking ??= Task.Run(LookAsync, CancellationToken.None);
            }

            await looking.WaitAsync(ct);
            if (clock.GetElapsedTime(started) >= patience) return seen;
        }
    }

    public void Dispose() => _news.Dispose();

    private async Task LookAsync()
    {
        try
        {
            var since = _looked is { } then ? clock.GetElapsedTime(then) : Most;
            if (since < Least) await Task.Delay(Least - since, clock);
            if (since < Most) await _news.WaitAsync(Most - Least);
            else await _news.WaitAsync(TimeSpan.Zero);
            var state = await ReadAsync();
            lock (_lock)
            {
                if (_state.Version == 0 || !state.IsSame(_state)) _state = state;
                _looked = clock.GetTimestamp();
            }

            _isFailing = false;
        }
        catch (Exception e)
        {
            // Whoever watches waits, and hears pings meanwhile.
            if (!_isFailing) Log.CannotLook(logger, e.Message);
            _isFailing = true;
            await Task.Delay(Least, clock);
        }
        finally
        {
            lock (_lock) _looking = null;
        }
    }

    private async Task<LiveState> ReadAsync()
    {
        await using var db = await contexts.CreateDbContextAsync();
        var now = clock.GetUtcNow().UtcDateTime;
        var all = await batches.AllAsync(CancellationToken.None);
        var workers = await db.Workers.AsNoTracking().ToListAsync();
        var stopped = await db.Batches.AsNoTracking().Where(b => b.Stopped != null).ToDictionaryAsync(b => b.Name);
        return new LiveState(_state.Version + 1, now)
        {
            Batches = Rows(_state.Batches, all.Select(b => (b.Batch, b.Batch, (object)b))),
            Workers = Rows(_state.Workers, workers.Select(w => (w.Name, w.Batch, (object)new WorkerView(w, stopped.GetValueOrDefault(w.Batch), now)))),
            Tasks = Rows(_state.Tasks, (await TasksAsync(db)).Select(t => (t.TaskId.ToString(CultureInfo.InvariantCulture), t.Batch, (object)t))),
        };
    }

    private async Task<List<LiveTask>> TasksAsync(ScitqDb db)
    {
        // The condition is that of a partial index, so that a million ended tasks cost nothing.
        var active = await db.Tasks.AsNoTracking().Where(t => t.State == TaskState.Accepted || t.State == TaskState.Running || t.State == TaskState.Uploading)
            .OrderBy(t => t.Worker).ThenBy(t => t.Number).Take(MostTasks)
            .Select(t => new LiveTask(t.Number, t.CorrelationId, t.Name, t.Batch, t.State, t.Phase, t.Worker, t.Attempt, t.Accepted, t.Started, null))
            .ToListAsync();
        // What a task runs is read once.
        var commands = _state.Tasks.Values.Select(r => (LiveTask)r.View).ToDictionary(t => t.Id, t => t.Command);
        var unread = active.Where(t => !commands.ContainsKey(t.Id)).Select(t => t.Id).ToList();
        if (unread.Count > 0)
            foreach (var task in await db.Tasks.AsNoTracking().Where(t => unread.Contains(t.CorrelationId)).ToListAsync())
                commands[task.CorrelationId] = Short(ShellWords.JoinForLists(Masked.Spec(task.Spec).Argv));
        return [.. active.Select(t => t with { Phase = Masked.TextOrNull(t.Phase), Command = commands.GetValueOrDefault(t.Id) })];
    }

    private static string Short(string text) => text.Length <= LongestCommand ? text : $"{text[..LongestCommand]}…";

    /// <summary>A row that says the same as before is the one from before.</summary>
    private static Dictionary<string, LiveRow> Rows(IReadOnlyDictionary<string, LiveRow> before, IEnumerable<(string Key, string Batch, object View)> views)
    {
        var rows = new Dictionary<string, LiveRow>();
        foreach (var (key, batch, view) in views)
        {
            var text = JsonSerializer.Serialize(view, ScitqJson.Rest);
            rows[key] = before.TryGetValue(key, out var same) && same.Text == text ? same : new LiveRow(batch, view, text);
        }

        return rows;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Nothing new can be shown to those who watch: {Problem}")]
        public static partial void CannotLook(ILogger logger, string problem);
    }
}

/// <summary>A task that a worker has in hand, as somebody who watches sees it.</summary>
internal sealed record LiveTask(
    long TaskId, Guid Id, string? Name, string Batch, TaskState Status, string? Phase, string? Worker, int Attempt, DateTime? Accepted, DateTime? Started,
    string? Command);
