using System.Globalization;
using System.Text.RegularExpressions;

namespace Scitq.Fetch.Ftp;

/// <summary>
/// Reads directory lines: MLSD's, which are defined, and those that LIST prints, which are not: like <c>ls -l</c> in its many forms,
/// like <c>DIR</c> of DOS, NetWare's, and EPLF (https://cr.yp.to/ftp/list/eplf.html). Each tells whether it understood the line; one that says
/// nothing about a file gives no item.
/// </summary>
internal static partial class FtpListing
{
    private const int Patience = 1000;

    private const string Word = @"(?:jan|janv|jän|ene|gen|feb|fév|févr|fev|fevr|mar|mars|mär|märz|mrt|apr|avr|avril|abr|may|mai|maj|mei|mag"
        + @"|jun|june|juni|juin|giu|jul|july|juli|juil|lug|aug|août|aout|ago|sep|sept|set|oct|okt|ott|out|nov|dec|déc|dez|dic|des)\.?";

    private const string YearOrTime = @"(?:\d{1,2}:\d\d(?::\d\d(?: [12]\d{3})?)?|[12]\d{3})";

    private const string Iso = @"\d{4}[-/.]\d\d[-/.]\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?: ?[+-]\d\d:?\d\d|Z)?|\d\d-\d\d \d\d:\d\d|\d{4}-\d\d-\d\d ";

    /// <summary>A line of MLSD: <c>type=file;size=5;modify=20260102030405; name</c>.</summary>
    public static bool TryFacts(string line, out FtpItem? item)
    {
        item = null;
        if (line.Length == 0) return true;
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        if (space <= 0) return false;
        var facts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var fact in line[..space].Split(';', StringSplitOptions.RemoveEmptyEntries))
            if (fact.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals) facts.TryAdd(fact[..equals], fact[(equals + 1)..]);
        // Without its type, a folder would be taken for a file.
        if (facts.GetValueOrDefault("type") is not { } type) return false;
        FtpKind? kind = type.ToLowerInvariant() switch
        {
            "cdir" or "pdir" => null,
            "file" => FtpKind.File,
            "dir" => FtpKind.Folder,
            var other when other.Contains("link", StringComparison.Ordinal) => FtpKind.Link,
            _ => FtpKind.Other,
        };
        return kind is null
            || Made(line[(space + 1)..], kind.Value, Number(facts.GetValueOrDefault("size")), Time(facts.GetValueOrDefault("modify")), out item);
    }

    /// <summary>A line of LIST. Mostly its time has no seconds, or no year, or no zone, so it is left out.</summary>
    public static bool TryList(string line, out FtpItem? item)
    {
        item = null;
        if (line.Length == 0 || Total().IsMatch(line)) return true;
        if (line[0] == '+') return TryEplf(line, out item);
        try
        {
            return TryColumns(line, out item);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private static bool TryColumns(string line, out FtpItem? item)
    {
        item = null;
        if (Unix().Match(line) is { Success: true } unix) return TryUnix(unix, out item);
        if (NetWare().Match(line) is { Success: true } netWare)
            return Made(netWare.Groups["name"].Value, line[0] == 'd' ? FtpKind.Folder : FtpKind.File, Number(netWare.Groups["size"].Value), null, out item);
        if (Dos().Match(line) is { Success: true } dos) return TryDos(dos, out item);
        return false;
    }

    /// <summary>The system that prints such lines, where it is known that they are not read here; otherwise null.</summary>
    public static string? Foreign(string line) =>
        Mvs().IsMatch(line) ? "an MVS data set"
        : Vms().IsMatch(line) ? "a VMS directory"
        : Os400().IsMatch(line) ? "an OS/400 library"
        : null;

    /// <summary>A time as MDTM and MLSD tell it, in UTC.</summary>
    public static DateTimeOffset? Time(string? text) => text is { Length: >= 14 }
        && DateTimeOffset.TryParseExact(text.AsSpan(0, 14), "yyyyMMddHHmmss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;

    private static bool TryUnix(Match match, out FtpItem? item)
    {
        var name = match.Groups["name"].Value;
        var kind = match.Groups["kind"].Value switch
        {
            "d" => FtpKind.Folder,
            "l" => FtpKind.Link,
            // Contiguous files of Solaris, and files that a tape holds.
            "-" or "C" or "m" or "M" => FtpKind.File,
            _ => FtpKind.Other,
        };
        if (kind == FtpKind.Link && name.IndexOf(" -> ", StringComparison.Ordinal) is > 0 and var arrow) name = name[..arrow];
        return Made(name, kind, Number(match.Groups["size"].Value), null, out item);
    }

    private static bool TryDos(Match match, out FtpItem? item)
    {
        var (what, name) = (match.Groups["what"].Value, match.Groups["name"].Value);
        if (what.Length > 0)
        {
            // The name begins where that of a file does; any more blanks are its own.
            const string Gap = "         ";
            name = name.StartsWith(Gap, StringComparison.Ordinal) ? name[Gap.Length..] : name.TrimStart(' ');
        }

        var kind = what.ToUpperInvariant() switch
        {
            "" => FtpKind.File,
            "DIR" => FtpKind.Folder,
            _ => FtpKind.Link,
        };
        if (kind == FtpKind.Link && name.LastIndexOf(" [", StringComparison.Ordinal) is > 0 and var bracket && name.EndsWith(']')) name = name[..bracket];
        return Made(name, kind, Number(match.Groups["size"].Value.Replace(",", "", StringComparison.Ordinal)), null, out item);
    }

    private static bool TryEplf(string line, out FtpItem? item)
    {
        item = null;
        var tab = line.IndexOf('\t', StringComparison.Ordinal);
        if (tab < 0) return false;
        FtpKind? kind = null;
        (long? size, DateTimeOffset? modified) = (null, null);
        foreach (var fact in line[1..tab].Split(','))
        {
            if (fact == "/") kind = FtpKind.Folder;
            else if (fact == "r") kind ??= FtpKind.File;
            else if (fact.StartsWith('s')) size = Number(fact[1..]);
            else if (fact.StartsWith('m') && Number(fact[1..]) is { } seconds and <= uint.MaxValue) modified = DateTimeOffset.FromUnixTimeSeconds(seconds);
        }

        return Made(line[(tab + 1)..], kind ?? FtpKind.Other, kind == FtpKind.File ? size : null, modified, out item);
    }

    private static bool Made(string name, FtpKind kind, long? size, DateTimeOffset? modified, out FtpItem? item)
    {
        item = null;
        if (kind == FtpKind.Folder) name = name.TrimEnd('/');
        // The folder itself and the one above it. A path would be something elsewhere.
        if (name is "." or "..") return true;
        if (name.Length == 0 || name.AsSpan().ContainsAny('/', '\0')) return false;
        item = new FtpItem(name, kind, size, modified);
        return true;
    }

    private static long? Number(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    // Kinds and rights, then whatever names there are (owners and groups with blanks, or none), up to the first size and date. Months are spelled out:
    // in `1 ftp 20 2048 Nov 27 06:45` any word would make a date of the owner, the group and the size.
    [GeneratedRegex(
        @"^(?>\s*\d+\s+){0,2}\s*(?<kind>[-a-zA-Z])[-a-zA-Z]{9}[.+@]?(?>\s*)(?>\S+\s+)*?(?>(?<size>\d+)\s+)?(?:" + Word + @"\s+\d{1,2}\.?\s+" + YearOrTime
        + @"|\d{1,2}\.?\s+" + Word + @"\s+" + YearOrTime + @"|\d{1,2}[月월]\s*\d{1,2}[日일]?\s+(?:\d{1,2}:\d\d|[12]\d{3}[年년]?)|" + Iso + @") (?<name>.+)$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.Singleline, Patience)]
    private static partial Regex Unix();

    [GeneratedRegex(
        @"^[-d] ?\[[-A-Za-z]{8}\](?>\s+)(?>\S+\s+)*?(?>(?<size>\d+)\s+)\p{L}{3}\s+\d{1,2}\s+(?:\d{1,2}:\d\d|\d{4})\s+(?<name>.+)$",
        RegexOptions.CultureInvariant | RegexOptions.Singleline, Patience)]
    private static partial Regex NetWare();

    [GeneratedRegex(
        @"^\s*(?:\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d\d)|\d{4}[-/.]\d\d[-/.]\d\d)\s+\d{1,2}:\d\d(?::\d\d)?\s*(?:[AaPp][Mm]?)?\s+"
        + @"(?:<(?<what>DIR|JUNCTION|SYMLINKD?)>|(?<size>\d[\d,]*)) (?<name>.+)$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.Singleline, Patience)]
    private static partial Regex Dos();

    [GeneratedRegex(
        @"^(?:total|insgesamt|gesamt|totale|totaal|итого|razem|celkem|összesen|yhteensä|合計|合计|总用量|總計)(?: of)?:? \d[\d.,]*[KMGTP]?$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Total();

    [GeneratedRegex(
        @"^\s*Volume\s+Unit\s+Referred|^\s*Name\s+VV\.MM\s+Created|^(?:Migrated|ARCIVE)\s"
        + @"|^[A-Z0-9]{4,6}\s+\d{4}\s+\d{4}/\d\d/\d\d\s+\d+\s+\d+\s+[A-Z]+\s", RegexOptions.CultureInvariant)]
    private static partial Regex Mvs();

    [GeneratedRegex(@"^\s*Directory\s+\S*(?:\[|:)|^\S+;\d+(?:\s|$)|^Total of \d+ files?", RegexOptions.CultureInvariant)]
    private static partial Regex Vms();

    [GeneratedRegex(@"^\S+\s+\d+\s+\d\d[/.]\d\d[/.]\d\d\s+\d\d:\d\d:\d\d\s+\*[A-Z]+\s", RegexOptions.CultureInvariant)]
    private static partial Regex Os400();
}
