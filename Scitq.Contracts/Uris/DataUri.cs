using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Scitq.Contracts;

/// <summary>
/// An address of data: <c>scheme[@option…]://path[|action]</c>. The path is kept byte-exact (no percent-decoding, no
/// folding of <c>..</c> or <c>//</c>), because an object key may be any text; <see cref="Uri"/> would rewrite it.
/// In JSON it is its text. Two are equal when their texts and paths are.
/// </summary>
[JsonConverter(typeof(DataUriConverter))]
public sealed record DataUri
{
    private static readonly ImmutableArray<string> Schemes = ["file", "s3", "azure", "ftp", "ftps", "ftpes", "http", "https", "fasp", "run+fastq",
        "run+submitted"];
    private static readonly ImmutableArray<string> TransportOptions = ["aria2", "ftp", "aspera", "sra", "filter_r1"];

    private DataUri(string text, string scheme, ImmutableArray<string> options, string path, UriAction? action) =>
        (Text, Scheme, Options, Path, Action) = (text, scheme, options, path, action);

    /// <summary>The text it was read from, unchanged.</summary>
    public string Text { get; }

    /// <summary>The scheme in lower case, e.g. <c>s3</c>.</summary>
    public string Scheme { get; }

    /// <summary>Transport options in the order given, e.g. <c>aria2</c>.</summary>
    public ImmutableArray<string> Options { get; }

    /// <summary>The text between <c>://</c> and the action: <c>bucket/key</c>, <c>/abs/path</c>, an accession…</summary>
    public string Path { get; }

    /// <summary>The action on the data once they are fetched; null for none.</summary>
    public UriAction? Action { get; }

    /// <summary>
    /// Why the text is not a data URI, as a phrase that follows it; null when it is one. Only <see cref="Read"/> makes such a value, and
    /// <see cref="TaskSpecRules"/> refuses it.
    /// </summary>
    public string? Problem { get; private init; }

    /// <summary>Whether the path ends with a slash: everything below it is meant.</summary>
    public bool IsFolder => Path.EndsWith('/');

    /// <summary>Whether data can be written to this scheme.</summary>
    public bool CanReceive => Scheme is "file" or "s3" or "azure" or "ftp" or "ftps" or "ftpes";

    /// <summary>Reads a URI, or says why the text is not one (a phrase that follows the quoted text).</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out DataUri? uri, [NotNullWhen(false)] out string? problem)
    {
        uri = null;
        problem = null;
        var mark = text?.IndexOf("://", StringComparison.Ordinal) ?? -1;
        if (text is null || mark <= 0)
        {
            problem = $"is not a URI: it has no scheme (known: {string.Join(", ", Schemes)}).{Hint(text)}";
            return false;
        }

        var head = text[..mark].Split('@');
        var rest = text[(mark + 3)..];
        var bar = rest.IndexOf('|', StringComparison.Ordinal);
        var path = bar < 0 ? rest : rest[..bar];
        var actionText = bar < 0 || bar == rest.Length - 1 ? null : rest[(bar + 1)..];

        if (!head[0].All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '+'))
            problem = $"is malformed: scheme '{head[0]}' is not lower-case letters, digits and '+'.";
        else if (!Schemes.Contains(head[0]))
            problem = $"has the unsupported protocol '{head[0]}' (known: {string.Join(", ", Schemes)}).";
        else if (head.Skip(1).FirstOrDefault(o => !TransportOptions.Contains(o)) is { } option)
            problem = $"has the unknown transport option '@{option}' (known: @{string.Join(", @", TransportOptions)}).";
        else if (head.Skip(1).FirstOrDefault(o => !Takes(head[0], o)) is { } misplaced)
            problem = $"has the transport option '@{misplaced}', which {head[0]}:// does not take.";
        else if (path.Length == 0)
            problem = "is malformed: nothing follows '://'.";
        else if (path.Contains('\0'))
            problem = "is malformed: it holds a NUL byte.";
        else if (head[0] == "file" && !path.StartsWith('/'))
            problem = "is malformed: a file URI needs an absolute path, file:///path.";
        else if (head[0] is "s3" or "azure" && (path.StartsWith('/') || !path.Contains('/')) && !(path.Length > 0 && !path.StartsWith('/')))
            problem = $"is malformed: it names no {(head[0] == "s3" ? "bucket" : "container")}.";
        else if (head[0] is "s3" or "azure" && path.Split('/', 2)[0].AsSpan().IndexOfAny('@', ':') >= 0)
            problem = "holds credentials, which everybody would see: leave them to the workers' storage file or environment, and give bucket and key alone.";
        if (problem is not null) return false;

        UriAction? action = null;
        if (actionText is not null && !UriAction.TryParse(actionText, out action, out problem)) return false;
        uri = new DataUri(text, head[0], [.. head.Skip(1)], path, action);
        return true;
    }

    /// <summary>
    /// Reads any text and never fails: a text that is not a URI keeps its <see cref="Problem"/>. For texts from elsewhere (JSON, rows, journals),
    /// where one bad URI must not hide what stands beside it.
    /// </summary>
    public static DataUri Read(string text) =>
        TryParse(text, out var uri, out var problem) ? uri : new DataUri(text, "", [], "", null) { Problem = problem };

    /// <summary>Reads a URI that was checked before.</summary>
    /// <exception cref="FormatException">The text is not a URI; the message says why.</exception>
    public static DataUri Parse(string text) =>
        TryParse(text, out var uri, out var problem) ? uri : throw new FormatException($"'{Masked.Text(text)}' {problem}");

    /// <summary>The URI of a local file or, with a final slash, folder, whatever characters its name has.</summary>
    public static DataUri ForFile(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        return new DataUri("file://" + full, "file", [], full, null);
    }

    /// <summary>The same scheme and options at another path, without action; the path is taken as it is, <c>|</c> included.</summary>
    public DataUri At(string path) =>
        new($"{string.Join('@', Options.Prepend(Scheme))}://{path}", Scheme, Options, path, null);

    /// <summary>The same address with a final slash: everything below it is meant.</summary>
    public DataUri AsFolder() => IsFolder ? this : At(Path + "/");

    /// <summary>The same URI without empty and single-dot parts in its path, action included.</summary>
    public DataUri Plain()
    {
        var path = Path;
        while (path.Contains("/./", StringComparison.Ordinal)) path = path.Replace("/./", "/", StringComparison.Ordinal);
        while (path.Contains("//", StringComparison.Ordinal)) path = path.Replace("//", "/", StringComparison.Ordinal);
        if (path == Path) return this;
        var start = Text.IndexOf("://", StringComparison.Ordinal) + "://".Length;
        return new DataUri(Text[..start] + path + Text[(start + Path.Length)..], Scheme, Options, path, Action);
    }

    /// <inheritdoc/>
    public bool Equals(DataUri? other) => other is not null && Text == other.Text && Path == other.Path;

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static bool Takes(string scheme, string option) => option switch
    {
        "aria2" => scheme is "http" or "https" or "ftp",
        "ftp" or "aspera" => scheme is "run+fastq" or "run+submitted",
        _ => scheme is "run+fastq",
    };

    private static string Hint(string? text)
    {
        if (text?.StartsWith('/') == true) return $" Did you mean file://{text} ?";
        var scheme = text is null
            ? null
            : Schemes.FirstOrDefault(s => text.StartsWith(s + ":", StringComparison.Ordinal) || text.StartsWith(s + "/", StringComparison.Ordinal));
        return scheme is null ? "" : $" Did you mean {scheme}://{text![scheme.Length..].TrimStart(':', '/')} ?";
    }
}
