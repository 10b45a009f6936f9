using System.Reflection;

namespace Scitq.Tools;

/// <summary>The text that <c>--version</c> prints.</summary>
internal static class ToolVersion
{
    public static string Text(string program) =>
        $"{program} {typeof(ToolVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]}";
}
