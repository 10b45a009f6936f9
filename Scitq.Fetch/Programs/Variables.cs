namespace Scitq.Fetch;

/// <summary>Defaults out of the environment; an empty variable is none.</summary>
internal static class Variables
{
    public static string? Of(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    public static string Or(string name, string otherwise) => Of(name) ?? otherwise;
}
