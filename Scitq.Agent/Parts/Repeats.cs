namespace Scitq.Agent.Parts;

/// <summary>Of one kind of trouble: a line that would be the same again and again is said at once, and then less and less often.</summary>
internal sealed class Repeats(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Last = TimeSpan.FromHours(1);
    private readonly Lock _lock = new();
    private string? _text;
    private long _said;
    private TimeSpan _silence;

    /// <summary>Whether it is to be said now.</summary>
    public bool Says(string text)
    {
        lock (_lock)
        {
            if (_text is not null && time.GetElapsedTime(_said) < _silence && (_text == text || time.GetElapsedTime(_said) < First / 4)) return false;
            _silence = _text is null || _text != text ? First : _silence * 2 < Last ? _silence * 2 : Last;
            (_text, _said) = (text, time.GetTimestamp());
            return true;
        }
    }

    /// <summary>The trouble is over: the next is said at once. True when there was any.</summary>
    public bool Over()
    {
        lock (_lock)
        {
            var was = _text is not null;
            _text = null;
            return was;
        }
    }
}
