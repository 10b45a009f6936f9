using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Bus;
using Scitq.Agent.Parts;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Logs;

/// <summary>
/// Brings what commands print to the coordinator, while they run. One loop looks at the files of all running attempts;
/// one chunk a stream is under way at a time, a few over all: that bounds memory whatever the commands print.
/// </summary>
internal sealed partial class LogPump(IAgentBus bus, WorkerIdentity self, TimeProvider time, long cap, ILogger<LogPump> logger)
    : IAgentPart, IMessageHandler<OutputStored>
{
    /// <summary>What is printed at most for it to travel with the end.</summary>
    public const int Inline = 16 * 1024;

    private const int Chunk = 128 * 1024;
    private const int MaxInFlight = 4;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReadPatience = TimeSpan.FromSeconds(30);
    private readonly Repeats _failing = new(time);
    private readonly Repeats _unreadable = new(time);
    private readonly ConcurrentDictionary<AttemptKey, Tails> _tails = new();
    private readonly Signal _wake = new(time);

    private long Cap => cap;

    private TimeProvider Time => time;

    /// <summary>The attempt's command writes its streams, of which the mask hides secrets.</summary>
    public LogHandle Follow(AttemptKey key, string stdout, string stderr, OutputMask? mask) => new(this, key, stdout, stderr, mask, time.GetTimestamp());

    /// <summary>The coordinator has stored a stream so far.</summary>
    public Task HandleAsync(OutputStored message)
    {
        if (!_tails.TryGetValue(message.Key, out var tails)) return Task.CompletedTask;
        var tail = tails.Of(message.Stream);
        lock (tail)
        {
            if (message.Length < tail.Stored && !tail.Doubtful) return Task.CompletedTask;
            tail.Stored = message.Length;
            (tail.Sent, tail.Doubtful) = (null, false);
        }

        _wake.Set();
        return Task.CompletedTask;
    }

    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            await _wake.WaitAsync(_tails.IsEmpty ? Timeout.InfiniteTimeSpan : Look, ct);
            foreach (var (key, tails) in _tails)
            {
                try
                {
                    await PumpAsync(key, tails, ct);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    TellUnreadable(key, e);
                }
                catch (SendException e)
                {
                    if (_failing.Says(e.Message)) Log.SendFailed(logger, e.Message);
                    await Task.Delay(TimeSpan.FromSeconds(1), time, ct);
                }
            }
        }
    }

    private void Register(AttemptKey key, Tails tails)
    {
        _tails.TryAdd(key, tails);
        _wake.Set();
    }

    private void Forget(AttemptKey key)
    {
        _tails.TryRemove(key, out _);
        _wake.Set();
    }

    private async Task PumpAsync(AttemptKey key, Tails tails, CancellationToken ct)
    {
        if (!tails.Complete && time.GetElapsedTime(tails.Since) < Look) return;
        foreach (var tail in tails.Streams)
        {
            if (tails.Complete) tail.Complete();
            else tail.Punch();
            byte[]? data;
            long offset;
            lock (tail)
            {
                if (tail.Sent is { } sent)
                {
                    if (time.GetElapsedTime(sent) < AnswerPatience) continue;
                    tail.Doubtful = true;
                }
                else if (InFlight >= MaxInFlight)
                {
                    continue;
                }

                offset = tail.Stored;
                data = Read(key, tail, tails.Complete);
                if (data is null) continue;
                if (data.Length == 0)
                {
                    // Else its attempt would never end.
                    if (tails.Complete && !tail.Done) tail.GiveUp("the file has become shorter");
                    continue;
                }

                tail.Sent = time.GetTimestamp();
            }

            try
            {
                var chunk = new OutputAppended { Worker = self.Name, Key = key, Chunk = new OutputChunk(tail.Stream, offset, data) };
                await bus.SendAsync(Queues.Logs, chunk, durable: false, ct);
            }
            catch (SendException)
            {
                lock (tail) (tail.Sent, tail.Doubtful) = (null, true);
                throw;
            }
        }

        if (tails.Complete && tails.Streams.All(t => t.Done)) tails.AllStored.TrySetResult();
    }

    /// <summary>Reads on; null when that can't be done now. After the command's end it is tried only for a while, or its attempt would never end.</summary>
    private byte[]? Read(AttemptKey key, StreamTail tail, bool complete)
    {
        try
        {
            var data = tail.Next(Chunk);
            tail.Unreadable = null;
            return data;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TellUnreadable(key, e);
            var since = tail.Unreadable ??= time.GetTimestamp();
            // The attempt's directory may be removed at any time, once its lease is lost.
            if (complete && (e is FileNotFoundException or DirectoryNotFoundException || time.GetElapsedTime(since) > ReadPatience)) tail.GiveUp(e.Message);
            return null;
        }
    }

    private void TellUnreadable(AttemptKey key, Exception e)
    {
        if (_unreadable.Says(e.Message)) Log.ReadFailed(logger, key.TaskId, e.Message);
    }

    private int InFlight => _tails.Values.Sum(t => t.Streams.Count(s => s.Sent is not null));

    /// <summary>The output of one attempt.</summary>
    internal sealed class LogHandle : IDisposable
    {
        private readonly LogPump _pump;
        private readonly AttemptKey _key;
        private readonly Tails _tails;
        private readonly ITimer _timer;

        public LogHandle(LogPump pump, AttemptKey key, string stdout, string stderr, OutputMask? mask, long since)
        {
            (_pump, _key) = (pump, key);
            var streams = new[] { new StreamTail(stdout, OutputStream.Stdout, pump.Cap, mask), new StreamTail(stderr, OutputStream.Stderr, pump.Cap, mask) };
            _tails = new Tails(streams, since);
            // A command that ends sooner than this prints little, and that travels with its end.
            _timer = pump.Time.CreateTimer(_ => pump.Register(key, _tails), null, Look, Timeout.InfiniteTimeSpan);
        }

        /// <summary>The command has ended: returns once all output is stored, or hands back what little of it can travel with the end.</summary>
        public async Task<CollectedOutput> CompleteAsync(CancellationToken ct)
        {
            await _timer.DisposeAsync();
            if (!_pump._tails.ContainsKey(_key) && TryInline() is { } chunks) return _tails.Collected(chunks);
            _tails.Complete = true;
            _pump.Register(_key, _tails);
            await _tails.AllStored.Task.WaitAsync(ct);
            return _tails.Collected([]);
        }

        public void Dispose()
        {
            _timer.Dispose();
            _pump.Forget(_key);
        }

        private OutputChunk[]? TryInline()
        {
            foreach (var tail in _tails.Streams) tail.Complete();
            if (_tails.Streams.Any(t => t.Length > Inline)) return null;
            try
            {
                return [.. _tails.Streams.Where(t => t.Length > 0).Select(t => new OutputChunk(t.Stream, 0, t.Next(Inline)))];
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The loop tries it again, and says why when it gives up.
                return null;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Output of task {Task} can't be read: {Problem}")]
        public static partial void ReadFailed(ILogger logger, Guid task, string problem);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Output could not be sent, it is kept: {Problem}")]
        public static partial void SendFailed(ILogger logger, string problem);
    }
}
