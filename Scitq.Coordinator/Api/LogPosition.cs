using System.Globalization;
using Scitq.Contracts.Messages;

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

    public LogPosition Plus(OutputStream stream, int bytes) =>
        stream == OutputStream.Stdout ? this with { Stdout = Stdout + bytes } : this with { Stderr = Stderr + bytes };

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Attempt}:{Stdout}:{Stderr}");

    private static long? Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
