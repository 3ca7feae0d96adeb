//! Templates.

use proptest::prelude::*;

use super::super::super::document::Place;
use super::*;

fn place(arch: &str) -> Place {
    Place { arch: arch.into(), artifact: "qemu".into(), format: "qcow2.gz".into(), kind: "disk".into() }
}

fn values<'a>(place: &'a Place, name: &'a str) -> Values<'a> {
    let release = Some("47.83.202102091015-0");
    Values { place, stream: "rhcos-4.8", ocp: Some("4.7"), release, name: Some(name) }
}

fn rendered(template: &str, arch: &str, name: &str) -> Result<String, RenderError> {
    let template: Template = template.parse().unwrap();
    template.render(&values(&place(arch), name)).map(|key| key.to_string())
}

#[test]
fn each_placeholder_stands_for_its_value() {
    let all = "{arch}/{goarch}/x{arch_suffix}/{ocp}/{stream}/{release}/{artifact}.{format}.{kind}/{name}";
    assert_eq!(
        rendered(all, "aarch64", "a b").unwrap(),
        "aarch64/arm64/x-aarch64/4.7/rhcos-4.8/47.83.202102091015-0/qemu.qcow2.gz.disk/a b"
    );
    assert_eq!(rendered("rhcos-{ocp}{arch_suffix}/{name}", "x86_64", "n").unwrap(), "rhcos-4.7/n");
}

#[test]
fn a_text_that_could_make_no_path_is_no_template() {
    for text in ["{nome}", "{name", "name}", "{name}}", "{}", "{{name}}"] {
        assert!(matches!(text.parse::<Template>(), Err(TemplateError::Placeholder(_))), "{text}");
    }
    for text in ["", "biuld", "a/b"] {
        assert!(matches!(text.parse::<Template>(), Err(TemplateError::Constant(_))), "{text}");
    }
    for text in
        ["/{name}", "{name}/", "a//{name}", "../{name}", "./{name}", ".image-mirror/{name}", "a\n{name}"]
    {
        assert!(matches!(text.parse::<Template>(), Err(TemplateError::Path(_))), "{text}");
    }
}

// 14.41
#[test]
fn a_name_never_leads_out_of_the_root() {
    assert!(matches!(rendered("{name}", "x86_64", ".."), Err(RenderError::Key(_))));
    assert!(matches!(rendered("a/{name}", "x86_64", "b/c"), Err(RenderError::Value(Placeholder::Name, _))));
    assert!(matches!(rendered("a/{name}", "x86_64", ""), Err(RenderError::Value(Placeholder::Name, _))));
    assert!(matches!(rendered("{name}/x", "x86_64", ".image-mirror"), Err(RenderError::Key(_))));
    for name in ["a\0b", "a\nb", &"x".repeat(256)] {
        assert!(matches!(rendered("a/{name}", "x86_64", name), Err(RenderError::Key(_))), "{name:?}");
    }
    assert_eq!(rendered("a/{name}", "x86_64", "%2e%2e").unwrap(), "a/%2e%2e", "it is decoded already");
}

#[test]
fn what_is_not_known_is_said() {
    let place = place("x86_64");
    let unknown = Values { ocp: None, release: None, ..values(&place, "n") };
    let wrong = |template: &str| template.parse::<Template>().unwrap().render(&unknown).unwrap_err();
    assert_eq!(wrong("{ocp}/{name}"), RenderError::Undefined(Placeholder::Ocp));
    assert_eq!(wrong("{release}/{name}").to_string(), "the layout has `{release}`, which is not known");
}

#[test]
fn a_path_that_the_template_could_not_have_made_says_nothing() {
    let template: Template = "{arch}/rhcos/{ocp}/{release}/{name}".parse().unwrap();
    let place = place("ppc64le");
    let known = Values { ocp: None, name: None, ..values(&place, "") };
    let read = |path: &str| template.read(&path.split('/').map(str::to_owned).collect::<Vec<_>>(), &known);
    let found = read("pub/openshift-v4/ppc64le/rhcos/4.7/47.83.202102091015-0/f").unwrap();
    assert_eq!((found.ocp.as_deref(), found.name.as_deref()), (Some("4.7"), Some("f")));
    for other in [
        "s390x/rhcos/4.7/47.83.202102091015-0/f",
        "ppc64le/rhcos/latest/47.83.202102091015-0/f",
        "ppc64le/rhcos/4.7/48.83.202102230316-0/f",
        "ppc64le/rhcos/4.7/47.83.202102091015-0/x/f",
        "f",
    ] {
        assert_eq!(read(other), None, "{other}");
    }
    let twice: Template = "{ocp}/{ocp}/{name}".parse().unwrap();
    let path = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(twice.read(&path("4.7/4.8/f"), &known), None);
    assert!(twice.read(&path("4.7/4.7/f"), &known).is_some());
}

proptest! {
    #[test]
    fn a_rendered_path_gives_its_values_back(
        names in proptest::collection::vec("(x|[.]|é|[+]|[(]|\\{arch\\}|\\{goarch\\}|\\{arch_suffix\\}|\\{kind\\}|\\{stream\\}){0,3}(\\{ocp\\}|\\{release\\}|\\{name\\}|y)[.]?", 1..5),
        before in "([a-z.]{1,3}/){0,2}",
        name in "[a-z. +(\\\\é-]{1,9}",
        ocp in "[1-9]{1,2}[.][0-9]{1,2}",
    ) {
        let text = names.join("/");
        let Ok(template) = text.parse::<Template>() else { return Ok(()) };
        let place = place("s390x");
        let values = Values { ocp: Some(&ocp), ..values(&place, &name) };
        let Ok(key) = template.render(&values) else { return Ok(()) };
        let path: Vec<_> = format!("{before}{key}").split('/').map(str::to_owned).collect();
        let known = Values { ocp: None, release: None, name: None, ..values };
        let found = template.read(&path, &known);
        let told = |placeholder, value: &str| template.has(placeholder).then(|| value.to_owned());
        prop_assert_eq!(found, Some(Found {
            ocp: told(Placeholder::Ocp, &ocp),
            release: told(Placeholder::Release, "47.83.202102091015-0"),
            name: told(Placeholder::Name, &name),
        }));
    }
}
