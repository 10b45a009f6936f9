using System.Text.RegularExpressions;
using Scitq.Contracts;

namespace Scitq.Fetch.Runs;

/// <summary>The accession behind <c>run+fastq://</c>: of a run, or of an experiment, sample or study with several.</summary>
internal static partial class Accession
{
    /// <exception cref="BadUriException">The text is not an accession.</exception>
    public static string Of(DataUri uri)
    {
        var text = uri.Path.TrimEnd('/');
        return IsOne(text) ? text : throw new BadUriException($"{Redacted.Of(uri)}: '{Redacted.Of(text)}' is no accession such as SRR5666311 or SAMEA6513017.");
    }

    public static bool IsOne(string text) => Any().IsMatch(text);

    /// <summary>Whether it is a run's own: only those does SRA give out by their name.</summary>
    public static bool IsRun(string text) => Run().IsMatch(text);

    // Also becomes a folder's name and a program's argument, so it is not taken at its word.
    [GeneratedRegex(@"\A[A-Z]{3,6}[0-9]{3,15}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Any();

    [GeneratedRegex(@"\A[SED]RR[0-9]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Run();
}
