using System.Text.RegularExpressions;

namespace Scitq.Contracts.Docker;

internal static partial class DockerOptionPatterns
{
    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_.-]*\z")]
    public static partial Regex Name();

    [GeneratedRegex(@"^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\z")]
    public static partial Regex Host();

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?\z")]
    public static partial Regex User();

    [GeneratedRegex(@"^[a-z0-9_]+(/[a-z0-9_]+(/[a-z0-9_]+)?)?\z")]
    public static partial Regex Platform();

    [GeneratedRegex(@"^[A-Za-z_]+\z")]
    public static partial Regex Capability();

    [GeneratedRegex(@"^[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}\z")]
    public static partial Regex DeviceRule();

    [GeneratedRegex(@"^([A-Z0-9+-]{2,12}|[0-9]{1,2})\z")]
    public static partial Regex Signal();

    [GeneratedRegex(@"^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*\z")]
    public static partial Regex Set();

    [GeneratedRegex(@"^([0-9]+(?:\.[0-9]+)?) ?([kmgtp]?)(?:i?b)?\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    public static partial Regex Size();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9:._/-]*\z")]
    public static partial Regex GpuDevice();
}
