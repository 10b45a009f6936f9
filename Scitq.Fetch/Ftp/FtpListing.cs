using System.Globalization;
using System.Text.RegularExpressions;

namespace Scitq.Fetch.Ftp;

/// <summary>One line of a directory.</summary>
internal sealed record FtpItem(string Name, bool IsFolder, bool IsLink, long? Size, DateTimeOffset? Modified);

/// <summary>Reads directory lines: MLSD's, which are defined, and those LIST prints on nearly every server, like <c>ls -l</c>.</summary>
internal static partial class FtpListing
{
    /// <summary>A line of MLSD: <c>type=file;size=5;modify=20260102030405; name</c>.</summary>
    public static FtpItem? OfFacts(string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0) return null;
        var facts = line[..space].Split(';', StringSplitOptions.RemoveEmptyEntries).Select(f => f.Split('=', 2)).Where(f => f.Length == 2)
            .GroupBy(f => f[0].ToLowerInvariant()).ToDictionary(g => g.Key, g => g.First()[1]);
        var type = facts.GetValueOrDefault("type", "file").ToLowerInvariant();
        if (type is "cdir" or "pdir") return null;
        return new FtpItem(line[(space + 1)..], type == "dir", type.Contains("link", StringComparison.Ordinal),
            long.TryParse(facts.GetValueOrDefault("size"), NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : null, Time(facts.GetValueOrDefault("modify")));
    }

    /// <summary>A line of LIST. Its time has no seconds, or no year, so it is left out.</summary>
    public static FtpItem? OfList(string line)
    {
        if (Unix().Match(line) is not { Success: true } match) return null;
        var (kind, name) = (line[0], match.Groups["name"].Value);
        if (kind == 'l' && name.IndexOf(" -> ", StringComparison.Ordinal) is > 0 and var arrow) name = name[..arrow];
        return name is "." or ".." ? null : new FtpItem(name, kind == 'd', kind == 'l', long.Parse(match.Groups["size"].ValueSpan, CultureInfo.InvariantCulture), null);
    }

    /// <summary>A time as MDTM and MLSD tell it, in UTC.</summary>
    public static DateTimeOffset? Time(string? text) => text is { Length: >= 14 }
        && DateTimeOffset.TryParseExact(text.AsSpan(0, 14), "yyyyMMddHHmmss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    [GeneratedRegex(@"^[-dlbcps][-rwxsStTl]{9}[.+@]?\s+\d+\s+\S+\s+(?:\S+\s+)?(?<size>\d+)\s+(?:\w{3}\s+\d{1,2}|\d{4}-\d\d-\d\d)\s+[\d:]{4,5} (?<name>.+)$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Unix();
}
