using Scitq.Contracts;

namespace Scitq.Tools.CommandLine;

/// <summary>Finds the word that a mistyped one may have meant.</summary>
internal static class Near
{
    /// <summary><c> (did you mean --batch?)</c>, or nothing.</summary>
    public static string DidYouMean(string typed, IEnumerable<string> known, string prefix = "")
    {
        var best = NearestName.Of(typed, known);
        return best is null ? "" : $" (did you mean {prefix}{best}?)";
    }
}
