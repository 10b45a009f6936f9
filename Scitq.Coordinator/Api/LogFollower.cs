using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Logs;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

/// <summary>How much of an attempt's output a client has: the id of a server-sent event.</summary>
internal readonly record struct LogPosition(int Attempt, long Stdout, long Stderr)
{
    public static LogPosition? Read(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        var parts = text.Split(':');
        return parts.Length == 3 && Number(parts[0]) is { } attempt and <= int.MaxValue && Number(parts[1]) is { } stdout && Number(parts[2]) is { } stderr
            ? new LogPosition((int)attempt, stdout, stderr)
            : throw new InvalidRequestException($"Last-Event-ID '{text}' is not ATTEMPT:OFFSET:OFFSET.");
    }

    public long Of(OutputStream stream) => stream == OutputStream.Stdout ? Stdout : Stderr;

    public LogPosition Plus(OutputStream stream, int bytes) => stream == OutputStream.Stdout ? this with { Stdout = Stdout + bytes } : this with { Stderr = Stderr + bytes };

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Attempt}:{Stdout}:{Stderr}");

    private static long? Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>
/// Sends a client what a task prints and how its state changes. What other processes store or save is found by looking
/// again each second; what this one does, at once.
/// </summary>
internal sealed class LogFollower(TaskQueries queries, LogStore logs, TaskWatch watch, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    private const int MaxChunk = 64 * 1024;
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(15);

    // All output is stored before an end is recorded; what has not appeared by then was lost with its disk.
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(15);

    public async Task SendAsync(HttpContext context, TaskSaga task, IReadOnlyList<OutputStream> streams, bool onlyThisAttempt, LogPosition position, CancellationToken ct)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, lifetime.ApplicationStopping);
        var buffer = ArrayPool<byte>.Shared.Rent(MaxChunk);
        try
        {
            await FollowAsync(context.Response, task.CorrelationId, streams, onlyThisAttempt, position, buffer.AsMemory(0, MaxChunk), stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client has left, or the coordinator stops; the client comes back with the last id it has seen.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task FollowAsync(HttpResponse response, Guid id, IReadOnlyList<OutputStream> streams, bool onlyThisAttempt, LogPosition position, Memory<byte> buffer, CancellationToken ct)
    {
        using var watcher = watch.Open(id);
        TaskSaga? task = null;
        AttemptRow? row = null;
        var (shown, looked, wrote, moved) = (-1, 0L, clock.GetTimestamp(), clock.GetTimestamp());
        while (true)
        {
            // First the task, then its output: once it is seen to have ended, all of its output is there to be read.
            if (watcher.TakeChanged() || task is null || clock.GetElapsedTime(looked) >= LookAgain)
            {
                looked = clock.GetTimestamp();
                task = await queries.FindAsync(id, ct);
                if (task is null) return;
            }

            if (task.Version != shown)
            {
                shown = task.Version;
                await WriteAsync(response, "status", await ViewAsync(task, ct), position, ct);
                wrote = moved = clock.GetTimestamp();
            }

            var (sent, now) = await PumpAsync(response, id, streams, position, buffer, ct);
            position = now;
            if (sent)
            {
                wrote = moved = clock.GetTimestamp();
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
                        await WriteAsync(response, "end", await ViewAsync(task, ct), position, ct);
                        return;
                    }
                }
            }

            if (clock.GetElapsedTime(wrote) >= PingAfter)
            {
                await response.Body.WriteAsync(": ping\n\n"u8.ToArray(), ct);
                await response.Body.FlushAsync(ct);
                wrote = clock.GetTimestamp();
            }

            await watcher.WaitAsync(LookAgain, ct);
        }
    }

    /// <summary>One chunk of each stream, so that neither waits for the other.</summary>
    private async Task<(bool Sent, LogPosition Position)> PumpAsync(HttpResponse response, Guid id, IReadOnlyList<OutputStream> streams, LogPosition position, Memory<byte> buffer, CancellationToken ct)
    {
        var sent = false;
        foreach (var stream in streams)
        {
            var offset = position.Of(stream);
            var read = await logs.ReadAsync(id, position.Attempt, stream, offset, buffer, ct);
            if (read == 0) continue;
            sent = true;
            position = position.Plus(stream, read);
            await WriteAsync(response, stream == OutputStream.Stdout ? "stdout" : "stderr", position, offset, buffer[..read], ct);
        }

        return (sent, position);
    }

    private async Task<TaskView> ViewAsync(TaskSaga task, CancellationToken ct) => (await queries.ViewsAsync([task], ct))[0];

    private static async Task WriteAsync(HttpResponse response, string @event, TaskView view, LogPosition position, CancellationToken ct)
    {
        await response.WriteAsync($"id: {position}\nevent: {@event}\ndata: {JsonSerializer.Serialize(view, ScitqJson.Rest)}\n\n", ct);
        await response.Body.FlushAsync(ct);
    }

    private static async Task WriteAsync(HttpResponse response, string @event, LogPosition position, long offset, ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        var writer = response.BodyWriter;
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {position}\nevent: {@event}\ndata: {{\"attempt\":{position.Attempt},\"offset\":{offset},\"data\":\""), writer);
        var size = Base64.GetMaxEncodedToUtf8Length(data.Length);
        Base64.EncodeToUtf8(data.Span, writer.GetSpan(size), out _, out var written);
        writer.Advance(written);
        Encoding.UTF8.GetBytes("\"}\n\n", writer);
        await writer.FlushAsync(ct);
    }
}
