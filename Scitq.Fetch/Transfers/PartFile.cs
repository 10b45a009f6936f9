using System.Buffers;
using System.Security.Cryptography;
using Scitq.Contracts;
using Scitq.Fetch.Local;

namespace Scitq.Fetch.Transfers;

/// <summary>
/// Names for what is not complete yet: <c>.name.1a2b3c4d.part</c> beside the final name. The digits stand for the version of the source,
/// so a part is only ever continued with bytes of the same version and there is no second file to keep in step.
/// </summary>
internal static class PartFile
{
    /// <summary>The ending of the file that aria2c, or ascp, keeps beside one that is not whole.</summary>
    public const string Aria2 = ".aria2", Aspera = ".aspx";

    private const int LongestName = 255;
    private const int Suffix = 14;
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    public static string NameFor(string target, string identity)
    {
        var name = Path.GetFileName(target);
        var suffix = $".{Hash(identity)}.part";
        // Names are limited in bytes, not characters; a shortened name gets its own hash, or long neighbours would meet.
        if (ByteName.Length(name) + suffix.Length + 1 > LongestName)
        {
            suffix = $".{Hash(name)}{suffix}";
            while (ByteName.Length(name) + suffix.Length + 1 > LongestName)
                name = name[..^(char.IsLowSurrogate(name[^1]) ? 2 : 1)];
        }

        return Path.Combine(Path.GetDirectoryName(target)!, $".{name}{suffix}");
    }

    /// <summary>Gives what is complete its final name.</summary>
    /// <exception cref="BadUriException">The name belongs to something that is not a file: a directory, or a device.</exception>
    public static void Publish(string part, string target, DataUri source)
    {
        RefuseOther(target, source);
        LocalFiles.Move(part, target);
    }

    /// <summary>Only files are replaced, and links to files: a rename would also replace /dev/null.</summary>
    /// <exception cref="BadUriException">Something else is there.</exception>
    public static void RefuseOther(string target, DataUri source)
    {
        if (FileKinds.Of(target, follow: true) is not (FileKind.Missing or FileKind.File) and var kind)
            throw new BadUriException($"{Redacted.Of(source)}: '{Redacted.Of(target)}' is {kind.InWords()}, a file of that name cannot be written.");
    }

    /// <summary>Deletes a part with all that is kept beside it.</summary>
    public static void Delete(string part)
    {
        foreach (var suffix in (string[])["", Aria2, Aspera]) LocalFiles.Delete(part + suffix);
    }

    /// <summary>The part that a name is of, or of what is kept beside it.</summary>
    public static string Of(string name) => ((string[])[Aria2, Aspera, PartLock.Suffix])
        .FirstOrDefault(s => name.EndsWith(s, StringComparison.Ordinal)) is { } suffix ? name[..^suffix.Length] : name;

    /// <summary>The name of the file that a part is of; null when it is no part.</summary>
    public static string? FileOf(string part) =>
        part.Length > Suffix && part[0] == '.' && part[^Suffix] == '.' && part.EndsWith(".part", StringComparison.Ordinal)
            && !part.AsSpan(part.Length - Suffix + 1, 8).ContainsAnyExcept(HexDigits)
            ? part[1..^Suffix]
            : null;

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(ByteName.Terminated(text).AsSpan()[..^1]).AsSpan(0, 4));
}
