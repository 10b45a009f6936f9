using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace Scitq.Hosting.Configuration;

/// <summary>Checks options by their attributes and by their own <see cref="IValidatableObject"/>, and names each by the option its user knows.</summary>
internal sealed class OptionRules<TOptions>(IReadOnlyDictionary<string, ServiceOption> byProperty) : IValidateOptions<TOptions>
    where TOptions : class
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        var problems = typeof(TOptions).GetProperties().SelectMany(property => Problems(property, options)).ToList();
        if (problems.Count == 0 && options is IValidatableObject whole)
            problems.AddRange(whole.Validate(new ValidationContext(options)).Select(problem => problem.ErrorMessage!));
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private IEnumerable<string> Problems(PropertyInfo property, TOptions options)
    {
        foreach (var rule in property.GetCustomAttributes<ValidationAttribute>())
        {
            var value = property.GetValue(options);
            if (rule.IsValid(value)) continue;
            var option = byProperty.GetValueOrDefault(property.Name);
            var (shown, form) = option is null ? (property.Name, OptionForm.Plain) : ($"--{option.Name}", option.Form);
            yield return rule is RangeAttribute range
                ? $"{shown} {OptionText.Write(value, form)} is not from {OptionText.Write(range.Minimum, form)} to {OptionText.Write(range.Maximum, form)}."
                : rule.FormatErrorMessage($"{shown} '{value}'");
        }
    }
}
