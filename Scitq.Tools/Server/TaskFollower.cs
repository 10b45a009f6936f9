using System.Globalization;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Scitq.Tools.Server;

/// <summary>
/// Copies a task's output as it comes, byte for byte, and goes on where it was when the connection breaks: the place
/// reached is told to the server, and whatever it repeats nevertheless is left out by its offset.
/// </summary>
internal sealed partial class TaskFollower(RestClient rest, ToolIo io, string program, Patience patience)
{
    /// <summary>More than two pings of the server.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan NoteInterval = TimeSpan.FromSeconds(1);

    private long _attempt;
    private readonly Dictionary<string, long> _offsets = new() { ["stdout"] = 0, ["stderr"] = 0 };
    private string? _lastNote;
    private string? _lastGist;
    private long _noted;
    private bool _gotSomething;

    /// <summary>Where stdout and stderr go; null leaves a stream out.</summary>
    public Stream? Output { get; init; }

    public Stream? ErrorOutput { get; init; }

    /// <summary>Whether to tell on stderr what the worker does meanwhile.</summary>
    public bool Notes { get; init; }

    /// <summary>A certain attempt (<c>latest</c> goes on with the next after a retry).</summary>
    public string Attempt { get; init; } = "latest";

    /// <summary>Where to begin: attempt and offsets of stdout and stderr.</summary>
    public (long Attempt, long Stdout, long Stderr)? From { get; init; }

    /// <summary>Until the end; gives the task as it then is.</summary>
    public async Task<JsonElement> FollowAsync(string id, CancellationToken cancel)
    {
        if (From is { } from) (_attempt, _offsets["stdout"], _offsets["stderr"]) = from;
        var streams = (Output, ErrorOutput) switch { (null, _) => "stderr", (_, null) => "stdout", _ => "both" };
        var path = $"tasks/{id}/log/stream?stream={streams}&attempt={Attempt}";
        for (var failures = 0; ; failures++)
        {
            using var response = await rest.SendAsync(Request, true, HttpCompletionOption.ResponseHeadersRead, patience, cancel);
            _gotSomething = false;
            string trouble;
            try
            {
                if (await CopyAsync(response, cancel) is { } end) return end;
                trouble = "the server closed the connection";
            }
            catch (Exception e) when (e is HttpRequestException or (IOException and not BrokenPipeException) or TimeoutException)
            {
                trouble = e.Message;
            }

            // A restarted server is waited for; one that answers and breaks off again and again is not.
            if (_gotSomething) failures = 0;
            if (failures > 100) throw new ToolException(ExitCodes.Unreachable, "unreachable", $"the output of task {id} breaks off again and again: {trouble}");
            if (failures == 3) io.Error.WriteLine($"{program}: {Display.Clean(trouble)}; connecting again");
            await Task.Delay(Patience.Pause(failures + 2), io.Clock, cancel);
        }

        HttpRequestMessage Request()
        {
            var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
            if (_attempt > 0)
                request.Headers.Add("Last-Event-ID", string.Create(CultureInfo.InvariantCulture, $"{_attempt}:{_offsets["stdout"]}:{_offsets["stderr"]}"));
            return request;
        }
    }

    private async Task<JsonElement?> CopyAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        using var silence = new CancellationTokenSource(Silence, io.Clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, silence.Token);
        var bytes = new BoundedEvents(await response.Content.ReadAsStreamAsync(cancel), heard: () => silence.CancelAfter(Silence));
        var events = SseParser.Create(bytes, Parse);
        try
        {
            await foreach (var item in events.EnumerateAsync(limit.Token))
            {
                // The output may be taken slowly; only the server's silence counts.
                silence.CancelAfter(Timeout.InfiniteTimeSpan);
                _gotSomething = true;
                switch (item.EventType)
                {
                    case "stdout" or "stderr":
                        await WriteAsync(item.EventType, item.Data, cancel);
                        break;
                    case "status":
                        Note(item.Data);
                        break;
                    case "end":
                        return item.Data;
                }

                silence.CancelAfter(Silence);
            }
        }
        catch (OperationCanceledException) when (silence.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new TimeoutException($"nothing came for {Silence.TotalSeconds:0} s");
        }

        return null;
    }

    private async Task WriteAsync(string stream, JsonElement chunk, CancellationToken cancel)
    {
        var attempt = chunk.Number("attempt") ?? 0;
        if (attempt < _attempt) return;                             // late output of an attempt that was given up
        if (attempt > _attempt)
        {
            if (_attempt > 0 && Notes) io.Error.WriteLine($"[attempt {attempt}]");
            (_attempt, _offsets["stdout"], _offsets["stderr"]) = (attempt, 0, 0);
        }

        var data = chunk.GetProperty("data").GetBytesFromBase64();
        var offset = chunk.Number("offset") ?? 0;
        var known = _offsets[stream] - offset;
        if (known >= data.Length) return;
        if (known < 0) io.Error.WriteLine($"{program}: {-known} bytes of {stream} are missing here");
        var target = stream == "stdout" ? Output : ErrorOutput;
        if (target is not null) await target.WriteAsync(data.AsMemory((int)Math.Max(0, known)), cancel);
        _offsets[stream] = offset + data.Length;
    }

    /// <summary>Tells each step of the worker once. How far a step has come is told only on a terminal, at most once a second.</summary>
    private void Note(JsonElement task)
    {
        if (!Notes || task.Text("phase") is not { Length: > 0 } phase) return;
        var note = $"[worker {Display.Clean(task.Text("worker") ?? "?")}] {Display.Clean(phase)}";
        var gist = Percentage().Replace(note, "");
        if (gist == _lastGist && (note == _lastNote || !io.ErrorIsTerminal || io.Clock.GetElapsedTime(_noted) < NoteInterval)) return;
        (_lastGist, _lastNote, _noted) = (gist, note, io.Clock.GetTimestamp());
        io.Error.WriteLine(note);
    }

    [GeneratedRegex(" … [0-9]+ %.*")]
    private static partial Regex Percentage();

    private static JsonElement Parse(string kind, ReadOnlySpan<byte> data)
    {
        try
        {
            return JsonElement.Parse(data);
        }
        catch (JsonException e)
        {
            throw new IOException($"an event of the server is no JSON: {e.Message}", e);
        }
    }
}
