using Microsoft.Extensions.Logging;
using Scitq.Agent.Bus;
using Scitq.Agent.Parts;
using Scitq.Agent.Slots;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Reports;

/// <summary>
/// Tells the coordinator where attempts stand: the latest of each, all that piled up during the last send in one message.
/// An end is told at once, unless others will follow in a moment; anything less waits a few milliseconds for the end to
/// overtake it. Ends are repeated until recorded.
/// </summary>
internal sealed partial class Reporter(IAgentBus bus, WorkerIdentity self, Capacity capacity, TimeProvider time, ILogger<Reporter> logger) : IAgentPart
{
    private const int MaxItems = 256;
    private const int MaxOutput = 256 * 1024;
    private static readonly TimeSpan Overtake = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan FirstRepeat = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LastRepeat = TimeSpan.FromMinutes(5);
    private readonly Repeats _failing = new(time);
    private readonly Lock _lock = new();
    private readonly Signal _posted = new(time);
    private readonly Dictionary<AttemptKey, AttemptReport> _pending = [];
    private readonly Dictionary<AttemptKey, Unrecorded> _unrecorded = [];
    private int _pendingEnds;

    /// <summary>How many ends are not yet known to be recorded.</summary>
    public int Unacknowledged
    {
        get
        {
            lock (_lock) return _unrecorded.Count;
        }
    }

    public void Post(AttemptReport report)
    {
        lock (_lock)
        {
            if (_unrecorded.ContainsKey(report.Key)) return;
            if (IsEnd(report)) _unrecorded[report.Key] = new Unrecorded(report);
            Queue(report);
        }

        _posted.Set();
    }

    /// <summary>Tells what is being done for an attempt whose command does not run yet.</summary>
    public void Phase(AttemptKey key, string text) => Post(new AttemptReport { Key = key, Stage = AttemptStage.Accepted, Phase = text });

    /// <summary>Tells an end once more, if this attempt has ended and nobody has said that it is recorded.</summary>
    public void Repeat(AttemptKey key)
    {
        lock (_lock)
            if (_unrecorded.TryGetValue(key, out var end)) Queue(end.Report);
        _posted.Set();
    }

    /// <summary>The attempt's end is recorded, or its lease is lost: nothing more is said about it.</summary>
    public void Forget(AttemptKey key)
    {
        lock (_lock)
        {
            _unrecorded.Remove(key);
            if (_pending.Remove(key, out var report) && IsEnd(report)) _pendingEnds--;
        }
    }

    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            await WaitAsync(ct);
            while (Take() is { Count: > 0 } items)
                if (!await SendAsync(items, ct)) await Task.Delay(TimeSpan.FromSeconds(1), time, ct);
        }
    }

    private static bool IsEnd(AttemptReport report) => report.Stage is AttemptStage.Ended or AttemptStage.Released;

    private async Task WaitAsync(CancellationToken ct)
    {
        while (!await _posted.WaitAsync(TimeSpan.FromSeconds(1), ct)) QueueRepeats();
        var since = time.GetTimestamp();
        while (Volatile.Read(ref _pendingEnds) == 0 && Overtake - time.GetElapsedTime(since) is { Ticks: > 0 } left)
            await _posted.WaitAsync(left, ct);
        // Each message costs as much as several ends.
        if (capacity.IsBusy && Volatile.Read(ref _pendingEnds) < MaxItems && Gather - time.GetElapsedTime(since) is { Ticks: > 0 } rest)
            await Task.Delay(rest, time, ct);
    }

    private async Task<bool> SendAsync(List<AttemptReport> items, CancellationToken ct)
    {
        try
        {
            await bus.SendAsync(Queues.Reports, new AttemptReports { Worker = self.Name, Items = items }, durable: true, ct);
            _failing.Over();
            return true;
        }
        catch (SendException e)
        {
            if (_failing.Says(e.Message)) Log.SendFailed(logger, items.Count, e.Message);
            lock (_lock)
            {
                foreach (var item in items)
                {
                    var wanted = !IsEnd(item) || _unrecorded.ContainsKey(item.Key);
                    if (wanted && !_pending.ContainsKey(item.Key) && (IsEnd(item) || !_unrecorded.ContainsKey(item.Key))) Queue(item);
                }
            }

            return false;
        }
    }

    private void Queue(AttemptReport report)
    {
        if (_pending.TryGetValue(report.Key, out var before) && IsEnd(before)) return;
        _pending[report.Key] = report;
        if (IsEnd(report)) _pendingEnds++;
    }

    private List<AttemptReport> Take()
    {
        var items = new List<AttemptReport>();
        var output = 0;
        lock (_lock)
        {
            foreach (var (key, report) in _pending)
            {
                if (items.Count == MaxItems || output > MaxOutput) break;
                items.Add(report);
                output += report.Output?.Sum(c => c.Data.Length) ?? 0;
                if (_unrecorded.TryGetValue(key, out var end)) end.Sent = time.GetTimestamp();
            }

            foreach (var item in items)
                if (_pending.Remove(item.Key) && IsEnd(item)) _pendingEnds--;
        }

        return items;
    }

    private void QueueRepeats()
    {
        var any = false;
        lock (_lock)
        {
            foreach (var (key, end) in _unrecorded)
            {
                if (_pending.ContainsKey(key) || time.GetElapsedTime(end.Sent) < end.Repeat) continue;
                end.Repeat = end.Repeat * 2 < LastRepeat ? end.Repeat * 2 : LastRepeat;
                Queue(end.Report);
                any = true;
            }
        }

        if (any) _posted.Set();
    }

    private sealed class Unrecorded(AttemptReport report)
    {
        public AttemptReport Report { get; } = report;

        public long Sent { get; set; }

        public TimeSpan Repeat { get; set; } = FirstRepeat;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "{Count} reports could not be sent and are kept: {Problem}")]
        public static partial void SendFailed(ILogger logger, int count, string problem);
    }
}
