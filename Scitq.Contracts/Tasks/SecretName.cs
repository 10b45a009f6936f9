namespace Scitq.Contracts;

/// <summary>One of <see cref="TaskSpec.Secrets"/>: the variable, and the name under which the worker's store has its value.</summary>
/// <param name="Variable">The name of the variable that the command sees.</param>
/// <param name="Key">Letters, digits, <c>.</c>, <c>_</c> and <c>-</c>: the name of a file, and never a path.</param>
public sealed record SecretName(string Variable, string Key)
{
    private const int Longest = 200;

    /// <summary>Reads <c>NAME</c> or <c>NAME=KEY</c>; null when it is neither.</summary>
    public static SecretName? Parse(string? text)
    {
        var equals = text?.IndexOf('=', StringComparison.Ordinal) ?? -1;
        var (variable, key) = equals < 0 ? (text ?? "", text ?? "") : (text![..equals], text[(equals + 1)..]);
        return TaskSpecRules.IsVariable(variable) && key.Length is > 0 and <= Longest && key[0] != '.'
            && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            ? new SecretName(variable, key)
            : null;
    }

    /// <summary>Why the spec's secrets can't be given, as one line. It does not repeat the text, which may be a value that was put in a name's place.</summary>
    internal static string? Problem(TaskSpec spec)
    {
        var seen = new HashSet<string>(spec.Env.Keys, StringComparer.Ordinal);
        for (var i = 0; i < spec.Secrets.Count; i++)
        {
            if (Parse(spec.Secrets[i]) is not { } secret)
                return $"secret {i + 1} is not NAME or NAME=KEY: NAME is a variable, KEY the name (not the value) under which the workers have it.";
            if (!seen.Add(secret.Variable)) return $"the variable '{secret.Variable}' is set twice.";
        }

        return spec is { MaskSecrets: true, Secrets.Count: 0 } ? "its secrets are to be masked in what it prints (mask_secrets), but it names none." : null;
    }
}
