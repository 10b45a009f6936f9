using System.Text.RegularExpressions;

namespace Scitq.Contracts.Docker;

/// <summary>The form of a container image reference, so that one from outside can never be taken for an option.</summary>
public static partial class ImageName
{
    /// <summary>Whether the text is <c>[host[:port]/]path[:tag][@digest]</c>.</summary>
    public static bool IsValid(string image) => image.Length <= 400 && Reference().IsMatch(image);

    [GeneratedRegex(
        @"^[A-Za-z0-9][A-Za-z0-9._-]*(:[0-9]+)?(/[A-Za-z0-9][A-Za-z0-9._-]*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@[A-Za-z0-9_+.-]+:[0-9a-fA-F]{32,})?\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Reference();
}
