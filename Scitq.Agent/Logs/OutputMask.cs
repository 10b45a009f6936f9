using System.Text;

namespace Scitq.Agent.Logs;

/// <summary>
/// Makes <c>*</c> of each byte of a task's secrets in what its command prints. The length stays, so that a position in a stream means the same in
/// the command's file, here and at the coordinator, and what is sent depends on the file alone, wherever reading begins or is cut.
/// </summary>
internal sealed class OutputMask
{
    /// <summary>Shorter ones would make a sieve of what is printed, and hide little.</summary>
    public const int Shortest = 4;

    private readonly List<(byte[] Secret, int[] Borders)> _secrets;
    private readonly bool _everything;

    private OutputMask(IEnumerable<byte[]> secrets, bool everything = false)
    {
        _secrets = [.. secrets.Select(s => (s, Borders(s)))];
        _everything = everything;
        Margin = _secrets.Select(s => s.Secret.Length - 1).DefaultIfEmpty().Max();
    }

    /// <summary>Of a task whose secrets can't be told any more: no letter of it is shown.</summary>
    public static OutputMask Everything { get; } = new([], everything: true);

    /// <summary>So many bytes before and behind a text decide with it what of it is secret.</summary>
    public int Margin { get; }

    /// <summary>The mask for these values; null when there is none to hide.</summary>
    public static OutputMask? Of(IEnumerable<string> values)
    {
        var secrets = values.Select(Encoding.UTF8.GetBytes).Where(v => v.Length >= Shortest).ToList();
        return secrets.Count == 0 ? null : new OutputMask(secrets);
    }

    public static bool IsTooShort(string value) => Encoding.UTF8.GetByteCount(value) < Shortest;

    /// <summary>Masks the text in place. Gives how much of it is decided: what follows may be the beginning of a secret, and the next byte tells.</summary>
    public int Apply(Span<byte> text)
    {
        if (_everything)
        {
            foreach (ref var letter in text)
                if (letter != '\n') letter = (byte)'*';
            return text.Length;
        }

        var found = new List<(int Start, int End)>();
        var decided = text.Length;
        foreach (var (secret, borders) in _secrets) decided = Math.Min(decided, text.Length - Search(text, secret, borders, found));
        foreach (var (start, end) in found) text[start..end].Fill((byte)'*');
        // What is masked already stays so whatever comes.
        found.Sort();
        foreach (var (start, end) in found)
            if (start <= decided && decided < end) decided = end;
        return decided;
    }

    /// <summary>Notes where the secret is, and gives how many bytes of its beginning the text ends with. After Knuth, Morris and Pratt.</summary>
    private static int Search(ReadOnlySpan<byte> text, byte[] secret, int[] borders, List<(int Start, int End)> found)
    {
        var matched = 0;
        for (var i = 0; i < text.Length; i++)
        {
            while (matched > 0 && text[i] != secret[matched]) matched = borders[matched - 1];
            if (text[i] == secret[matched]) matched++;
            if (matched < secret.Length) continue;
            found.Add((i + 1 - matched, i + 1));
            matched = borders[matched - 1];
        }

        return matched;
    }

    /// <summary>Of each beginning of the secret: the longest shorter one that it ends with.</summary>
    private static int[] Borders(byte[] secret)
    {
        var borders = new int[secret.Length];
        for (int i = 1, length = 0; i < secret.Length; i++)
        {
            while (length > 0 && secret[i] != secret[length]) length = borders[length - 1];
            if (secret[i] == secret[length]) length++;
            borders[i] = length;
        }

        return borders;
    }
}
