using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Logs;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

/// <summary>
/// Tells a client what a task prints and how its state changes, as events that follow one another. Output and changes of this process are told
/// at once; those of other processes are found by looking again each second.
/// </summary>
internal sealed class LogFollower(TaskQueries queries, LogStore logs, TaskWatch watch, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    private const int MaxChunk = 64 * 1024;
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(15);

    // All output is stored before an end is recorded; output that has not appeared by then was lost with its disk.
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(15);

    /// <summary>Events until the end of the task, of the client's patience, or of this process: the client comes back with the last id it has seen.</summary>
    public async IAsyncEnumerable<SseItem<object>> FollowAsync(
        Guid id, IReadOnlyList<OutputStream> streams, bool onlyThisAttempt, LogPosition position, [EnumeratorCancellation] CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, lifetime.ApplicationStopping);
        await using var events = EventsAsync(id, streams, onlyThisAttempt, position, stop.Token).GetAsyncEnumerator(CancellationToken.None);
        while (true)
        {
            try
            {
                if (!await events.MoveNextAsync()) yield break;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                yield break;
            }

            yield return events.Current;
        }
    }

    private async IAsyncEnumerable<SseItem<object>> EventsAsync(
        Guid id, IReadOnlyList<OutputStream> streams, bool onlyThisAttempt, LogPosition position, [EnumeratorCancellation] CancellationToken ct)
    {
        using var watcher = watch.Open(id);
        var buffer = new byte[MaxChunk];
        TaskSaga? task = null;
        AttemptRow? row = null;
        var (shown, looked, told, moved) = (-1, 0L, clock.GetTimestamp(), clock.GetTimestamp());
        while (true)
        {
            // First the task, then its output: once it is seen to have ended, all of its output is there to be read.
            if (watcher.TakeChanged() || task is null || clock.GetElapsedTime(looked) >= LookAgain)
            {
                looked = clock.GetTimestamp();
                task = await queries.FindAsync(id, ct);
                if (task is null) yield break;
            }

            if (task.Version != shown)
            {
                shown = task.Version;
                yield return Event("status", await ViewAsync(task, ct), position);
                told = moved = clock.GetTimestamp();
            }

            // One piece of each stream, so that neither waits for the other.
            var found = false;
            foreach (var stream in streams)
            {
                var offset = position.Of(stream);
                var read = await logs.ReadAsync(id, position.Attempt, stream, offset, buffer, ct);
                if (read == 0) continue;
                found = true;
                position = position.Plus(stream, read);
                yield return Event(stream == OutputStream.Stdout ? "stdout" : "stderr", new OutputPiece(position.Attempt, offset, buffer.AsMemory(0, read)),
                    position);
            }

            if (found)
            {
                told = moved = clock.GetTimestamp();
                continue;
            }

            if (task.State.IsTerminal() || task.Attempt > position.Attempt)
            {
                if (row?.Attempt != position.Attempt) row = await queries.AttemptAsync(id, position.Attempt, ct);
                var complete = streams.All(s => position.Of(s) >= ((s == OutputStream.Stdout ? row?.StdoutBytes : row?.StderrBytes) ?? 0));
                if (complete || clock.GetElapsedTime(moved) > GiveUpAfter)
                {
                    if (!onlyThisAttempt && position.Attempt < TaskQueries.Latest(task))
                    {
                        position = new LogPosition(position.Attempt + 1, 0, 0);
                        moved = clock.GetTimestamp();
                        continue;
                    }

                    if (onlyThisAttempt || task.State.IsTerminal())
                    {
                        yield return Event("end", await ViewAsync(task, ct), position);
                        yield break;
                    }
                }
            }

            if (clock.GetElapsedTime(told) >= PingAfter)
            {
                yield return Event("ping", new Ping(), position);
                told = clock.GetTimestamp();
            }

            await watcher.WaitAsync(LookAgain, ct);
        }
    }

    private async Task<TaskView> ViewAsync(TaskSaga task, CancellationToken ct) => (await queries.ViewsAsync([task], ct))[0];

    private static SseItem<object> Event(string kind, object data, LogPosition position) => new(data, kind) { EventId = position.ToString() };

    /// <summary>Bytes that an attempt has printed; they are in the follower's buffer, and written out before it goes on.</summary>
    private sealed record OutputPiece(int Attempt, long Offset, ReadOnlyMemory<byte> Data);

    /// <summary>A sign of life while there is nothing to tell.</summary>
    private sealed record Ping;
}
