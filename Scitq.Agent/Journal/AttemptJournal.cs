using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Journal;

/// <summary>One attempt that was granted to this agent and is not forgotten yet.</summary>
/// <param name="Key">The attempt.</param>
/// <param name="Number">The task's small number.</param>
/// <param name="Spec">What to run.</param>
/// <param name="End">Its last report, once it is over and while nobody has acknowledged that.</param>
/// <param name="Redelivers">Set when it runs nothing and only delivers what an earlier attempt has left.</param>
internal sealed record JournalledAttempt(AttemptKey Key, long Number, TaskSpec Spec, AttemptReport? End = null, KeptOutput? Redelivers = null);

/// <summary>Output that an earlier attempt has left here.</summary>
/// <param name="Attempts">As whose it may be kept, the last one first.</param>
/// <param name="ExitCode">How the command had ended.</param>
internal sealed record KeptOutput(IReadOnlyList<AttemptKey> Attempts, int? ExitCode);

/// <summary>
/// What the agent must know after it was killed: the attempts granted to it and the ends it has yet to report. A file of
/// JSON lines, appended to, rewritten when most of it is history. All that piles up during one write goes with the next.
/// </summary>
internal sealed class AttemptJournal : IAsyncDisposable
{
    private const long CompactAbove = 4 * 1024 * 1024;
    private readonly string _path;
    private readonly Dictionary<AttemptKey, JournalledAttempt> _live;
    private readonly Lock _lock = new();
    private readonly Channel<Write> _writes = Channel.CreateUnbounded<Write>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _writer;
    private FileStream _file;
    private long _liveBytes;

    private AttemptJournal(string path, Dictionary<AttemptKey, JournalledAttempt> live, Guid epoch, Guid? previousEpoch)
    {
        (_path, _live, Epoch, PreviousEpoch) = (path, live, epoch, previousEpoch);
        _file = Compact();
        _writer = Task.Run(WriteAsync);
    }

    /// <summary>Of this start.</summary>
    public Guid Epoch { get; }

    /// <summary>Of the agent that used the directory before.</summary>
    public Guid? PreviousEpoch { get; }

    /// <summary>Opens the journal in this directory, which the caller has locked.</summary>
    public static AttemptJournal Open(string directory, Guid epoch)
    {
        var path = Path.Combine(directory, "journal");
        var live = new Dictionary<AttemptKey, JournalledAttempt>();
        Guid? previous = null;
        foreach (var entry in Read(path))
        {
            if (entry.Epoch is { } e) previous = e;
            if (entry.Granted is { } granted) live[granted.Key] = granted;
            if (entry.Ended is { } ended && live.TryGetValue(ended.Key, out var known)) live[ended.Key] = known with { End = ended };
            if (entry.Forgotten is { } key) live.Remove(key);
        }

        return new AttemptJournal(path, live, epoch, previous);
    }

    /// <summary>What is not forgotten.</summary>
    public IReadOnlyList<JournalledAttempt> Attempts()
    {
        lock (_lock) return [.. _live.Values];
    }

    /// <summary>Returns once the grants are on the disk.</summary>
    public Task GrantedAsync(IReadOnlyList<JournalledAttempt> attempts)
    {
        var lines = new ArrayBufferWriter<byte>();
        lock (_lock)
        {
            foreach (var attempt in attempts)
            {
                _live[attempt.Key] = attempt;
                Append(lines, new Entry { Granted = attempt });
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

        Enqueue(Line(new Entry { Ended = end }));
    }

    /// <summary>Nothing needs to be known of the attempt any more.</summary>
    public void Forgotten(AttemptKey key)
    {
        lock (_lock)
            if (!_live.Remove(key)) return;
        Enqueue(Line(new Entry { Forgotten = key }));
    }

    public async ValueTask DisposeAsync()
    {
        _writes.Writer.TryComplete();
        await _writer;
        await _file.DisposeAsync();
    }

    private static IEnumerable<Entry> Read(string path)
    {
        if (!File.Exists(path)) yield break;
        foreach (var line in File.ReadLines(path))
        {
            Entry? entry;
            try
            {
                entry = JsonSerializer.Deserialize<Entry>(line, ScitqJson.Bus);
            }
            catch (JsonException)
            {
                // A line torn by a crash: its write was never reported as done, so nobody relies on it.
                continue;
            }

            if (entry is not null) yield return entry;
        }
    }

    private static Write Line(Entry entry)
    {
        var line = new ArrayBufferWriter<byte>();
        Append(line, entry);
        return new Write(line.WrittenMemory, null);
    }

    private static void Append(ArrayBufferWriter<byte> lines, Entry entry)
    {
        using var json = new Utf8JsonWriter(lines);
        JsonSerializer.Serialize(json, entry, ScitqJson.Bus);
        json.Flush();
        lines.Write("\n"u8);
    }

    private void Enqueue(Write write)
    {
        if (!_writes.Writer.TryWrite(write)) write.Done?.TrySetException(new ObjectDisposedException(nameof(AttemptJournal)));
    }

    private async Task WriteAsync()
    {
        var torn = false;
        var waiting = new List<TaskCompletionSource>();
        while (await _writes.Reader.WaitToReadAsync())
        {
            try
            {
                // After a write that failed half way, what follows must not be taken for the rest of its line.
                if (torn) await _file.WriteAsync("\n"u8.ToArray());
                torn = false;
                while (_writes.Reader.TryRead(out var write))
                {
                    if (write.Done is { } done) waiting.Add(done);
                    await _file.WriteAsync(write.Lines);
                }

                await _file.FlushAsync();
                if (_file.Length > CompactAbove && _file.Length > 4 * _liveBytes)
                {
                    await _file.DisposeAsync();
                    _file = Compact();
                }
                else if (waiting.Count > 0)
                {
                    _file.Flush(flushToDisk: true);
                }

                foreach (var done in waiting) done.TrySetResult();
            }
            catch (IOException e)
            {
                torn = true;
                // A grant that can't be kept is not taken; an end that can't is still told by this process.
                foreach (var done in waiting) done.TrySetException(e);
            }

            waiting.Clear();
        }
    }

    /// <summary>Replaces the file by what is live, durably, and opens it to be appended to.</summary>
    private FileStream Compact()
    {
        var lines = new ArrayBufferWriter<byte>();
        Append(lines, new Entry { Epoch = Epoch });
        foreach (var attempt in Attempts())
        {
            Append(lines, new Entry { Granted = attempt with { End = null } });
            if (attempt.End is { } end) Append(lines, new Entry { Ended = end });
        }

        var next = _path + ".new";
        using (var file = File.Create(next))
        {
            file.Write(lines.WrittenSpan);
            file.Flush(flushToDisk: true);
        }

        File.Move(next, _path, overwrite: true);
        _liveBytes = lines.WrittenCount;
        return new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.Read, 64 * 1024);
    }

    private sealed record Entry
    {
        public Guid? Epoch { get; init; }

        public JournalledAttempt? Granted { get; init; }

        public AttemptReport? Ended { get; init; }

        public AttemptKey? Forgotten { get; init; }
    }

    private sealed record Write(ReadOnlyMemory<byte> Lines, TaskCompletionSource? Done);
}
