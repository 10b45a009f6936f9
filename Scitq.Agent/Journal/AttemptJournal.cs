using System.Buffers;
using System.Threading.Channels;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Journal;

/// <summary>
/// What the agent must know after it was killed: the attempts granted to it and the ends it has yet to report. A file of
/// JSON lines, appended to, rewritten when most of it is history or when a write has failed. All that piles up during one
/// write goes with the next. While it can't be written, <see cref="Problem"/> says why, and nothing may be granted.
/// </summary>
internal sealed class AttemptJournal : IAsyncDisposable
{
    // An agent that is started again and again while no coordinator answers.
    private const int MostEpochs = 200;
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(2);
    private readonly JournalFile _file;
    private readonly TimeProvider _time;
    private readonly Dictionary<AttemptKey, JournalledAttempt> _live;
    private readonly Lock _lock = new();
    private readonly Channel<Write> _writes = Channel.CreateUnbounded<Write>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _writer;
    private bool _registered;
    private long _restarting;
    private string? _problem;

    private AttemptJournal(
        string path, Dictionary<AttemptKey, JournalledAttempt> live, Guid epoch, IReadOnlyList<Guid> previousEpochs, long restarting, TimeProvider time)
    {
        Restarted = _restarting = restarting;
        (_file, _live, Epoch, PreviousEpochs, _time) = (new JournalFile(path), live, epoch, previousEpochs, time);
        if (!_file.TryReplace(Live, out _problem) && _file.TryContinue(new JournalEntry { Epoch = Epoch })) _problem = null;
        _writer = Task.Run(WriteAsync);
    }

    /// <summary>Of this start.</summary>
    public Guid Epoch { get; }

    /// <summary>Of the agents that used the directory before, from the last one that is known to have been registered.</summary>
    public IReadOnlyList<Guid> PreviousEpochs { get; }

    /// <summary>Of the agent that used the directory before.</summary>
    public Guid? PreviousEpoch => PreviousEpochs is [.., var last] ? last : null;

    /// <summary>The order for which this start was made, or one before it of which nobody knows that it was; 0 when there is none.</summary>
    public long Restarted { get; }

    /// <summary>Runs as long as the journal is open. Should it end before, nothing would be kept any more.</summary>
    public Task Writing => _writer;

    /// <summary>Why it can't be written at the moment, or null.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    /// <summary>Opens the journal in this directory, which the caller has locked. It opens on a full disk as well, with a problem.</summary>
    public static AttemptJournal Open(string directory, Guid epoch, TimeProvider time)
    {
        var path = Path.Combine(directory, "journal");
        var live = new Dictionary<AttemptKey, JournalledAttempt>();
        var epochs = new List<Guid>();
        long restarting = 0;
        foreach (var entry in JournalFile.Read(path))
        {
            if (entry.Registered is { } registered) epochs = [registered];
            if (entry.Epoch is { } e && !epochs.Contains(e)) epochs.Add(e);
            if (entry.Granted is { Key: not null, Spec: not null } granted) live[granted.Key] = granted;
            if (entry.Ended is { } ended && live.TryGetValue(ended.Key, out var known)) live[ended.Key] = known with { End = ended };
            if (entry.Forgotten is { } key) live.Remove(key);
            restarting = entry.Restarting ?? restarting;
        }

        if (epochs.Count > MostEpochs) epochs = [epochs[0], .. epochs.TakeLast(MostEpochs - 1)];
        return new AttemptJournal(path, live, epoch, epochs, restarting, time);
    }

    /// <summary>What is not forgotten.</summary>
    public IReadOnlyList<JournalledAttempt> Attempts()
    {
        lock (_lock) return [.. _live.Values];
    }

    /// <summary>The coordinator knows this start: those before are history.</summary>
    public void Registered()
    {
        lock (_lock)
        {
            if (_registered) return;
            _registered = true;
        }

        Enqueue(new JournalEntry { Registered = Epoch });
    }

    /// <summary>Returns once it is on the disk that the program is executed anew for this order; with 0, that the outcome is known.</summary>
    /// <exception cref="IOException">It can't be kept.</exception>
    public Task RestartingAsync(long order)
    {
        lock (_lock) _restarting = order;
        var line = new ArrayBufferWriter<byte>();
        new JournalEntry { Restarting = order }.AppendTo(line);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Enqueue(new Write(line.WrittenMemory, done));
        return done.Task;
    }

    /// <summary>Returns once the grants are on the disk.</summary>
    /// <exception cref="IOException">They can't be kept, and are forgotten.</exception>
    public Task GrantedAsync(IReadOnlyList<JournalledAttempt> attempts)
    {
        var lines = new ArrayBufferWriter<byte>();
        lock (_lock)
        {
            foreach (var attempt in attempts)
            {
                _live[attempt.Key] = attempt;
                new JournalEntry { Granted = attempt }.AppendTo(lines);
            }
        }

        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Enqueue(new Write(lines.WrittenMemory, done));
        return done.Task;
    }

    /// <summary>The attempt is over. Not awaited: should the machine die before it is on the disk, the runtime still knows.</summary>
    public void Ended(AttemptReport end)
    {
        lock (_lock)
        {
            if (!_live.TryGetValue(end.Key, out var known)) return;
            _live[end.Key] = known with { End = end };
        }

        Enqueue(new JournalEntry { Ended = end });
    }

    /// <summary>Nothing needs to be known of the attempt any more.</summary>
    public void Forgotten(AttemptKey key)
    {
        lock (_lock)
            if (!_live.Remove(key)) return;
        Enqueue(new JournalEntry { Forgotten = key });
    }

    public async ValueTask DisposeAsync()
    {
        _writes.Writer.TryComplete();
        await _writer;
        _file.Dispose();
    }

    private void Enqueue(JournalEntry entry)
    {
        var line = new ArrayBufferWriter<byte>();
        entry.AppendTo(line);
        Enqueue(new Write(line.WrittenMemory, null));
    }

    private void Enqueue(Write write)
    {
        if (!_writes.Writer.TryWrite(write)) write.Done?.TrySetException(new ObjectDisposedException(nameof(AttemptJournal)));
    }

    private async Task WriteAsync()
    {
        var waiting = new List<TaskCompletionSource>();
        var lines = new ArrayBufferWriter<byte>();
        var more = _writes.Reader.WaitToReadAsync().AsTask();
        while (true)
        {
            // Nothing new is granted while it can't be written, so it must find out by itself that it can.
            if (_problem is not null) await Task.WhenAny(more, Task.Delay(Again, _time));
            else await more;
            if (more.IsCompleted && !await more) break;
            while (_writes.Reader.TryRead(out var write))
            {
                if (write.Done is { } done) waiting.Add(done);
                lines.Write(write.Lines.Span);
            }

            // All that a failed write has lost is in what the file is rewritten from.
            if (_problem is not null || !_file.TryAppend(lines.WrittenSpan, durably: waiting.Count > 0, out _problem)) _file.TryReplace(Live, out _problem);
            else if (_file.IsMostlyHistory) _file.Compact(Live);
            foreach (var done in waiting)
            {
                // A grant that can't be kept is not taken; an end that can't is still told by this process.
                if (_problem is { } problem) done.TrySetException(new IOException(problem));
                else done.TrySetResult();
            }

            waiting.Clear();
            lines.ResetWrittenCount();
            if (more.IsCompleted) more = _writes.Reader.WaitToReadAsync().AsTask();
        }

        if (_problem is not null) _file.TryReplace(Live, out _problem);
    }

    private ArrayBufferWriter<byte> Live()
    {
        var lines = new ArrayBufferWriter<byte>();
        lock (_lock)
        {
            // The first of them is the one that was registered, if any was.
            if (!_registered)
                foreach (var epoch in PreviousEpochs) new JournalEntry { Epoch = epoch }.AppendTo(lines);
            (_registered ? new JournalEntry { Registered = Epoch } : new JournalEntry { Epoch = Epoch }).AppendTo(lines);
            if (_restarting != 0) new JournalEntry { Restarting = _restarting }.AppendTo(lines);
        }

        foreach (var attempt in Attempts())
        {
            new JournalEntry { Granted = attempt with { End = null } }.AppendTo(lines);
            if (attempt.End is { } end) new JournalEntry { Ended = end }.AppendTo(lines);
        }

        return lines;
    }

    private sealed record Write(ReadOnlyMemory<byte> Lines, TaskCompletionSource? Done);
}
