using System.Text.Json;
using Scitq.Agent.Runtimes;
using Scitq.Contracts;

namespace Scitq.Agent.Secrets;

/// <summary>
/// The secrets this worker keeps for tasks that name them: a folder with one file each, or a JSON file of names and values, for its own
/// account alone. Read for each attempt, so that a changed one counts at once; never kept, sent or logged.
/// </summary>
public sealed class SecretStore(string? path)
{
    /// <summary>The variables a command gets.</summary>
    /// <exception cref="StartException">One is not here.</exception>
    internal IReadOnlyDictionary<string, string> Resolve(IReadOnlyList<string> names, string worker)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (names.Count == 0) return values;
        if (path is null)
            throw new StartException(FailureClass.Start, $"worker {worker} keeps no secrets (--secrets), and the task wants {string.Join(", ", names)}");
        try
        {
            var folder = Directory.Exists(path);
            using var file = folder ? null : JsonDocument.Parse(SecretFile.Read(path), new JsonDocumentOptions { AllowDuplicateProperties = false });
            foreach (var name in names)
            {
                if (SecretName.Parse(name) is not { } secret || Value(folder, file, secret.Key) is not { } value || value.Contains('\0'))
                    throw new StartException(FailureClass.Start, $"worker {worker} has no secret '{SecretName.Parse(name)?.Key ?? name}' in {path}");
                values[secret.Variable] = value;
            }

            return values;
        }
        catch (Exception e) when (e is ArgumentException or JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            // The parser's own message may quote a value.
            var problem = e is ArgumentException ? e.Message : $"{path} is not a JSON object of texts";
            throw new StartException(FailureClass.Start, $"worker {worker} can't read its secrets: {problem}", e);
        }
    }

    private string? Value(bool folder, JsonDocument? file, string key)
    {
        if (!folder) return file!.RootElement.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        var named = Path.Combine(path!, key);
        return File.Exists(named) ? SecretFile.Read(named) : null;
    }
}
