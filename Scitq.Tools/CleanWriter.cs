using System.Globalization;
using System.Text;

namespace Scitq.Tools;

/// <summary>
/// Text for a screen that may hold words of users, servers and stores: control characters are shown, and only lines and tabs are obeyed.
/// All messages of the tools go through it, so that no place that writes one has to think of it.
/// </summary>
internal sealed class CleanWriter(TextWriter screen) : TextWriter(CultureInfo.InvariantCulture)
{
    public override Encoding Encoding => screen.Encoding;

    public override void Write(char value)
    {
        if (value is '\n' or '\t' || !Display.IsUnsafe(value)) screen.Write(value);
        else screen.Write(Display.Clean(value.ToString()));
    }

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(ReadOnlySpan<char> buffer)
    {
        for (var start = 0; start < buffer.Length;)
        {
            var length = buffer[start..].IndexOfAny('\n', '\t');
            var part = length < 0 ? buffer[start..] : buffer.Slice(start, length);
            screen.Write(Display.Clean(part.ToString()));
            if (length >= 0) screen.Write(buffer[start + length]);
            start += part.Length + 1;
        }
    }

    // A line at once: a terminal that is shared shows no halves of lines.
    public override void WriteLine(string? value) => Write(value + "\n");

    public override void Flush() => screen.Flush();
}
