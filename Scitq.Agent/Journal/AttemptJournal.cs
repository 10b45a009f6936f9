using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Fetch.Local;

namespace Scitq.Agent.Journal;

/// <summary>
/// What the agent must know after it was killed: the attempts granted to it and the ends it has yet to report. A file of
/// JSON lines, appended to, rewritten when most of it is history or when a write has failed. All that piles up during one
/// write goes with the next. While it can't be written, <see cref="Problem"/> says why, and nothing may be granted.
/// </summary>
internal sealed class AttemptJournal : IAsyncDisposable
{
    private const long CompactAbove = 4 * 1024 * 1024;

    // An agent that is started again and again while no coordinator answers.
    private const int MostEpochs = 200;
    private static readonly TimeSpan s_again = TimeSpan.FromSeconds(2);
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly Dictionary<AttemptKey, JournalledAttempt> _live;
    private readonly Lock _lock = new();
    private readonly Channel<Write> _writes = Channel.CreateUnbounded<Write>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _writer;
    private SafeFileHandle? _file;
    private long _length;
    private long _liveBytes;
    private long _compactAbove = CompactAbove;
    private bool _registered;
    private string? _problem;

    private AttemptJournal(string path, Dictionary<AttemptKey, JournalledAttempt> live, Guid epoch, IReadOnlyList<Guid> previousEpochs, TimeProvider time)
    {
        (_path, _live, Epoch, PreviousEpochs, _time) = (path, live, epoch, previousEpochs, time);
        if (!TryCompact(out _problem) && TryContinue()) _problem = null;
        _writer = Task.Run(WriteAsync);
    }

    /// <summary>Of this start.</summary>
    public Guid Epoch { get; }

    /// <summary>Of the agents that used the directory before, from the last one that is known to have been registered.</summary>
    public IReadOnlyList<Guid> PreviousEpochs { get; }

    /// <summary>Of the agent that used the directory before.</summary>
    public Guid? PreviousEpoch => PreviousEpochs is [.., var last] ? last : null;

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
        foreach (var entry in Read(path))
        {
            if (entry.Registered is { } registered) epochs = [registered];
            if (entry.Epoch is { } e && !epochs.Contains(e)) epochs.Add(e);
            if (entry.Granted is { Key: not null, Spec: not null } granted) live[granted.Key] = granted;
            if (entry.Ended is { } ended && live.TryGetValue(ended.Key, out var known)) live[ended.Key] = known with { End = ended };
            if (entry.Forgotten is { } key) live.Remove(key);
        }

        if (epochs.Count > MostEpochs) epochs = [epochs[0], .. epochs.TakeLast(MostEpochs - 1)];
        return new AttemptJournal(path, live, epoch, epochs, time);
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

        Enqueue(Line(new Entry { Registered = Epoch }));
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
        _file?.Dispose();
    }

    private static IEnumerable<Entry> Read(string path)
    {
        // A task of the agent's own account may have put anything there, also what never ends to be read.
        if (FileKinds.Of(path) != FileKind.File) yield break;
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
        var waiting = new List<TaskCompletionSource>();
        var lines = new ArrayBufferWriter<byte>();
        var more = _writes.Reader.WaitToReadAsync().AsTask();
        while (true)
        {
            // Nothing new is granted while it can't be written, so it must find out by itself that it can.
            if (_problem is not null) await Task.WhenAny(more, Task.Delay(s_again, _time));
            else await more;
            if (more.IsCompleted && !await more) break;
            while (_writes.Reader.TryRead(out var write))
            {
                if (write.Done is { } done) waiting.Add(done);
                lines.Write(write.Lines.Span);
            }

            // All that a failed write has lost is in what the file is rewritten from.
            if (_problem is not null || !TryAppend(lines.WrittenSpan, durably: waiting.Count > 0, out _problem)) TryCompact(out _problem);
            // Only for the sake of room: that it can't be done keeps nobody from appending.
            else if (_length > _compactAbove && _length > 4 * _liveBytes && !TryCompact(out var _)) _compactAbove = _length + CompactAbove;
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

        if (_problem is not null) TryCompact(out _problem);
    }

    /// <summary>What is left of a write that failed half way is not counted: the next overwrites it.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever keeps it from being written is its problem, told and tried again.")]
    private bool TryAppend(ReadOnlySpan<byte> lines, bool durably, out string? problem)
    {
        try
        {
            RandomAccess.Write(_file!, lines, _length);
            if (durably) RandomAccess.FlushToDisk(_file!);
            _length += lines.Length;
            problem = null;
            return true;
        }
        catch (Exception e)
        {
            // After a flush that failed, nothing says what of the file is on the disk: only a new one is good.
            problem = e.Message;
            return false;
        }
    }

    /// <summary>Replaces the file by what is live, durably, and goes on with it. Whatever fails, the old one stays as it was, and in use.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever keeps it from being written is its problem, told and tried again.")]
    private bool TryCompact(out string? problem)
    {
        SafeFileHandle? file = null;
        var next = _path + ".new";
        try
        {
            var lines = Live();
            TreeRemoval.Remove(next);
            file = File.OpenHandle(next, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
            RandomAccess.Write(file, lines.WrittenSpan, 0);
            RandomAccess.FlushToDisk(file);
            if (FileKinds.Of(_path) is not (FileKind.File or FileKind.Missing)) TreeRemoval.Remove(_path);
            File.Move(next, _path, overwrite: true);
            _file?.Dispose();
            _file = file;
            _length = _liveBytes = lines.WrittenCount;
            _compactAbove = CompactAbove;
            problem = null;
            return true;
        }
        catch (Exception e)
        {
            problem = e.Message;
            file?.Dispose();
            TryDelete(next);
            return false;
        }
    }

    /// <summary>Goes on with the file of the process before, where there is no room for another.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever keeps it from being written is its problem, told and tried again.")]
    private bool TryContinue()
    {
        try
        {
            if (FileKinds.Of(_path) != FileKind.File) return false;
            _file = File.OpenHandle(_path, FileMode.Open, FileAccess.Write, FileShare.Read);
            _length = RandomAccess.GetLength(_file);
            // What follows must not be taken for the rest of a line torn by a crash.
            var lines = new ArrayBufferWriter<byte>();
            lines.Write("\n"u8);
            Append(lines, new Entry { Epoch = Epoch });
            return TryAppend(lines.WrittenSpan, durably: true, out _);
        }
        catch (Exception)
        {
            return false;
        }
    }

    /// <summary>What takes room on a full disk for nothing.</summary>
    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Overwritten by the next.
        }
    }

    private ArrayBufferWriter<byte> Live()
    {
        var lines = new ArrayBufferWriter<byte>();
        lock (_lock)
        {
            // The first of them is the one that was registered, if any was.
            if (!_registered)
                foreach (var epoch in PreviousEpochs) Append(lines, new Entry { Epoch = epoch });
            Append(lines, _registered ? new Entry { Registered = Epoch } : new Entry { Epoch = Epoch });
        }

        foreach (var attempt in Attempts())
        {
            Append(lines, new Entry { Granted = attempt with { End = null } });
            if (attempt.End is { } end) Append(lines, new Entry { Ended = end });
        }

        return lines;
    }

    private sealed record Entry
    {
        public Guid? Epoch { get; init; }

        public Guid? Registered { get; init; }

        public JournalledAttempt? Granted { get; init; }

        public AttemptReport? Ended { get; init; }

        public AttemptKey? Forgotten { get; init; }
    }

    private sealed record Write(ReadOnlyMemory<byte> Lines, TaskCompletionSource? Done);
}
