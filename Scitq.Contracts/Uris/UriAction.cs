using System.Diagnostics.CodeAnalysis;

namespace Scitq.Contracts;

/// <summary>The one action that a URI may carry: it is carried out on the data once they are fetched.</summary>
public sealed record UriAction
{
    private UriAction(UriActionKind kind, string? folder) => (Kind, Folder) = (kind, folder);

    /// <summary>The kind of action.</summary>
    public UriActionKind Kind { get; }

    /// <summary>For <see cref="UriActionKind.Move"/>: the relative sub-folder, without <c>.</c> or <c>..</c> components.</summary>
    public string? Folder { get; }

    /// <summary>Reads <c>gunzip</c>, <c>untar</c>, <c>unzip</c> or <c>mv:SUB</c>, or says why the text is none of them.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out UriAction? action, [NotNullWhen(false)] out string? problem)
    {
        action = null;
        problem = null;
        if (text.Contains('|'))
            problem = "combines actions, which cannot be combined: give exactly one.";
        else if (text.StartsWith("mv:", StringComparison.Ordinal))
        {
            var parts = text[3..].TrimEnd('/').Split('/').Where((p, i) => !(i == 0 && p == ".")).ToArray();
            if (parts.Length == 0 || parts.Any(p => p is "" or "." or ".." || p.Contains('\0')))
                problem = $"has the action '{text}', whose folder is empty, absolute or leads outside.";
            else
                action = new UriAction(UriActionKind.Move, string.Join('/', parts));
        }
        else
        {
            UriActionKind? kind = text switch { "gunzip" => UriActionKind.Gunzip, "untar" => UriActionKind.Untar, "unzip" => UriActionKind.Unzip, _ => null };
            if (kind is null) problem = $"has the unsupported action '{text}' (known: gunzip, untar, unzip, mv:FOLDER).";
            else action = new UriAction(kind.Value, null);
        }

        return action is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => Kind == UriActionKind.Move ? $"mv:{Folder}" : Kind.ToString().ToLowerInvariant();
}

/// <summary>The actions there are.</summary>
public enum UriActionKind
{
    /// <summary>Decompress one gzip file.</summary>
    Gunzip,

    /// <summary>Unpack one tar archive, compressed or not.</summary>
    Untar,

    /// <summary>Unpack one zip archive.</summary>
    Unzip,

    /// <summary>Put the data into a sub-folder.</summary>
    Move,
}
