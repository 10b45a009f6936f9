using System.Diagnostics.CodeAnalysis;

namespace Scitq.Contracts.Docker;

/// <summary>Options of <c>docker run</c>, read into typed values; checked at submission, turned into the engine's create request by the agent.</summary>
public sealed partial record DockerRunOptions
{
    /// <summary>Reads the words, or says in one line which option is wrong and why.</summary>
    public static bool TryParse(IReadOnlyList<string> words, [NotNullWhen(true)] out DockerRunOptions? options, [NotNullWhen(false)] out string? problem)
    {
        options = new DockerRunOptions();
        problem = null;
        return true;
    }
}
